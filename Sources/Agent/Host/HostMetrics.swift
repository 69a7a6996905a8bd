package import Posix

/// The metrics of this host: every collector that is switched on, asked at each scrape by a thread of its own, so that
/// one that hangs holds neither the page nor the others.
package final class HostMetrics: Sendable {
    private struct State {
        var thread: ProbeThread?
        /// Threads that a collector has not given back.
        var lost: [ProbeThread] = []
    }

    package enum Limits {
        /// How long a collector may take before the page goes on without it.
        package static let patienceNs: Int64 = 2_000_000_000
    }

    /// Told why a collector failed or that it hangs; a host without what a collector is about is no failure.
    package typealias Failure = @Sendable (_ collector: String, _ reason: String) -> Void

    private let collectors: [RunningCollector]
    private let state = Lock(State())
    private let patienceNs: Int64
    private let time: any TimeSource
    private let failure: Failure
    private let words: Words

    /// How the metrics about collectors are called.
    struct Words: Sendable {
        var prefix = "node_scrape_collector"
        var label = "collector"
    }

    /// - Parameters:
    ///   - isOn: what was switched on and off by name; the others are as their definition says.
    ///   - settings: what was set about a collector, by its name and the name of the setting.
    package convenience init(
        _ host: HostFiles, _ definitions: [CollectorDefinition] = Collectors.all, isOn: [String: Bool] = [:],
        settings: [String: [String: String]] = [:], patienceNs: Int64 = Limits.patienceNs,
        time: any TimeSource = SystemTime(), failure: @escaping Failure = { _, _ in }
    ) throws(CollectorError) {
        var running: [RunningCollector] = []
        for definition in definitions where isOn[definition.name] ?? definition.isDefault {
            let values = CollectorSettings(definition.settings, settings[definition.name] ?? [:])
            running.append(RunningCollector(definition.name, try definition.make(host, values)))
        }
        self.init(running, patienceNs: patienceNs, time: time, failure: failure)
    }

    init(
        _ collectors: [RunningCollector], patienceNs: Int64 = Limits.patienceNs, time: any TimeSource = SystemTime(),
        words: Words = Words(), failure: @escaping Failure = { _, _ in }
    ) {
        self.words = words
        self.collectors = collectors
        self.patienceNs = patienceNs
        self.time = time
        self.failure = failure
    }

    deinit {
        state.withLock { state in
            state.thread?.end()
            for thread in state.lost { thread.end() }
        }
    }

    /// The names of the collectors that are on.
    package var names: [String] { collectors.map(\.name) }

    /// Appends the page in the text format. Pages are made one after the other.
    ///
    /// - Parameter isWanted: which collectors are asked, by name.
    package func append(to output: inout [UInt8], isWanted: (String) -> Bool = { _ in true }) {
        let wanted = collectors.filter { isWanted($0.name) }
        let outcomes = state.withLock { state in
            Self.endReturned(&state)
            ask(wanted.filter { $0.runningSinceNs == nil }, &state)
            return self.outcomes(of: wanted, appendingTo: &output)
        }
        for outcome in outcomes {
            if case .failed(let reason) = outcome.error { failure(outcome.name, reason) }
        }
        append(outcomes, to: &output)
    }

    private static func endReturned(_ state: inout State) {
        state.lost.removeAll { thread in
            guard thread.isIdle else { return false }
            thread.end()
            return true
        }
    }

    private func ask(_ collectors: [RunningCollector], _ state: inout State) {
        var rest = collectors
        while !rest.isEmpty {
            guard let thread = state.thread ?? (try? ProbeThread(name: "collectors")) else {  // told below as no answer
                return
            }
            state.thread = thread
            let round = CollectorRound(rest, time)
            thread.start { round.run() }
            if isDone(round, thread) { return }
            rest.removeFirst(round.abandon())
            state.lost.append(thread)
            state.thread = nil
        }
    }

    /// False where one collector alone took all of the patience.
    private func isDone(_ round: CollectorRound, _ thread: ProbeThread) -> Bool {
        var begun = 0
        while !thread.isDone(afterAtMostNs: patienceNs) {
            let now = round.begun
            if now == begun { return false }
            begun = now
        }
        return true
    }

    /// Collectors of one name stand together, so that each family does.
    private func outcomes(of collectors: [RunningCollector], appendingTo output: inout [UInt8]) -> [CollectorOutcome] {
        var outcomes: [CollectorOutcome] = []
        var pages: [MetricPage] = []
        for (index, collector) in collectors.enumerated() {
            outcomes.append(outcome(of: collector, &pages))
            guard index + 1 == collectors.count || collectors[index + 1].name != collector.name else { continue }
            MetricPage.append(pages, to: &output)
            pages.removeAll()
        }
        return outcomes
    }

    private func outcome(of collector: RunningCollector, _ pages: inout [MetricPage]) -> CollectorOutcome {
        if let sinceNs = collector.runningSinceNs {
            let tookNs = time.monotonicNs - sinceNs
            return CollectorOutcome(
                name: collector.name, tookNs: tookNs, error: .failed("no answer for \(tookNs / 1_000_000) ms"))
        }
        guard let (outcome, page) = collector.take() else {
            return CollectorOutcome(name: collector.name, tookNs: 0, error: .failed("there is no thread to ask it"))
        }
        pages.append(page)
        return outcome
    }

    private func append(_ outcomes: [CollectorOutcome], to output: inout [UInt8]) {
        var page = MetricPage()
        let durations = page.family(
            "\(words.prefix)_duration_seconds", .gauge, "Seconds that each \(words.label) took.")
        let successes = page.family(
            "\(words.prefix)_success", .gauge, "1 for each \(words.label) that could tell what it is for.")
        for outcome in outcomes {
            page.add(durations, Double(outcome.tookNs) / 1e9, words.label, outcome.name)
            page.add(successes, outcome.error == nil ? 1 : 0, words.label, outcome.name)
        }
        page.append(to: &output)
    }
}

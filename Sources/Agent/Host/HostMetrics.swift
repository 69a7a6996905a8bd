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
        failure: @escaping Failure = { _, _ in }
    ) {
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
            return wanted.map { outcome(of: $0, appendingTo: &output) }
        }
        for outcome in outcomes {
            if case .failed(let reason) = outcome.error { failure(outcome.name, reason) }
        }
        Self.append(outcomes, to: &output)
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

    private func outcome(of collector: RunningCollector, appendingTo output: inout [UInt8]) -> CollectorOutcome {
        if let sinceNs = collector.runningSinceNs {
            let tookNs = time.monotonicNs - sinceNs
            return CollectorOutcome(
                name: collector.name, tookNs: tookNs, error: .failed("no answer for \(tookNs / 1_000_000) ms"))
        }
        return collector.take(appendingTo: &output)
            ?? CollectorOutcome(name: collector.name, tookNs: 0, error: .failed("there is no thread to ask it"))
    }

    private static func append(_ outcomes: [CollectorOutcome], to output: inout [UInt8]) {
        var page = MetricPage()
        let durations = page.family(
            "node_scrape_collector_duration_seconds", .gauge, "Seconds that each collector took.")
        let successes = page.family(
            "node_scrape_collector_success", .gauge, "1 for each collector that could tell what it is for.")
        for outcome in outcomes {
            page.add(durations, Double(outcome.tookNs) / 1e9, "collector", outcome.name)
            page.add(successes, outcome.error == nil ? 1 : 0, "collector", outcome.name)
        }
        page.append(to: &output)
    }
}

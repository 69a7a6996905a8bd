import Posix

/// How asking one collector ended.
struct CollectorOutcome: Sendable {
    let name: String
    let tookNs: Int64
    /// Nil where it told everything.
    let error: CollectorError?
}

/// A collector with the page that it fills.
final class RunningCollector: @unchecked Sendable {  // `state` says whose the page is
    private enum State: Sendable {
        case idle
        case running(sinceNs: Int64)
        case done(CollectorOutcome)
    }

    let name: String
    private let collector: any Collector
    /// Of the thread that asks while it runs, of the reader otherwise.
    private var page: MetricPage
    private let state = Lock(State.idle)

    init(_ name: String, _ collector: any Collector, labels: [MetricPage.Label] = []) {
        self.name = name
        self.collector = collector
        page = MetricPage(labels: labels)
    }

    /// Nil unless a thread is in it now.
    var runningSinceNs: Int64? {
        state.withLock { if case .running(let sinceNs) = $0 { sinceNs } else { nil } }
    }

    /// What came of it last, with its page; nil while it runs.
    func take() -> (outcome: CollectorOutcome, page: MetricPage)? {
        let outcome: CollectorOutcome? = state.withLock {
            guard case .done(let outcome) = $0 else { return nil }
            $0 = .idle
            return outcome
        }
        return outcome.map { ($0, page) }
    }

    func run(_ time: any TimeSource) {
        let startNs = time.monotonicNs
        state.withLock { $0 = .running(sinceNs: startNs) }
        page.clear()
        var failure: CollectorError?
        do {
            try collector.update(&page)
        } catch {
            failure = error
        }
        let outcome = CollectorOutcome(name: name, tookNs: time.monotonicNs - startNs, error: failure)
        state.withLock { $0 = .done(outcome) }
    }
}

/// One walk through collectors, on a thread that may be lost in one of them.
final class CollectorRound: Sendable {
    private struct Progress: Sendable {
        var begun = 0
        var isAbandoned = false
    }

    let collectors: [RunningCollector]
    private let time: any TimeSource
    private let progress = Lock(Progress())

    init(_ collectors: [RunningCollector], _ time: any TimeSource) {
        self.collectors = collectors
        self.time = time
    }

    func run() {
        while let index = advance() { collectors[index].run(time) }
    }

    private func advance() -> Int? {
        progress.withLock {
            guard !$0.isAbandoned, $0.begun < collectors.count else { return nil }
            $0.begun += 1
            return $0.begun - 1
        }
    }

    /// How many were begun; the last of them is the one that is under way.
    var begun: Int { progress.withLock { $0.begun } }

    /// Begins no further collector.
    ///
    /// - Returns: how many were begun.
    func abandon() -> Int {
        progress.withLock {
            $0.isAbandoned = true
            return $0.begun
        }
    }
}

import Model
package import Posix
package import PromQL
package import Storage
import Synchronization

/// Answers queries over the entries of a store. For many threads at once.
package final class LogEngine: Sendable {
    package struct Options: Sendable {
        /// Memory of one query.
        package var memoryMaxBytes = 1 << 30
        /// Samples that one query may hold at once, for functions that look at all of a window.
        package var samplesMax = 50_000_000
        /// Series of a result.
        package var seriesMax = 100_000
        /// Entries of an answer; a request for more is refused.
        package var entriesMax = 50_000
        package var timeoutMs: Int64 = 120_000

        package init() {}
    }

    package let options: Options
    package let store: any LogStore
    private let memory: QueryMemory
    private let time: any TimeSource

    package init(
        store: any LogStore, options: Options = Options(), memory: QueryMemory = QueryMemory(limitBytes: .max),
        time: any TimeSource = SystemTime()
    ) {
        (self.store, self.options, self.memory, self.time) = (store, options, memory, time)
    }

    /// Entries within `startNs ..< endNs`, the first `limit` of the direction.
    package struct LineQuestion: Sendable {
        package var selector: LogSelector
        package var startNs: Int64
        package var endNs: Int64
        package var limit: Int
        package var isForward: Bool

        package init(_ selector: LogSelector, startNs: Int64, endNs: Int64, limit: Int, isForward: Bool = false) {
            self.selector = selector
            self.startNs = startNs
            self.endNs = endNs
            self.limit = limit
            self.isForward = isForward
        }
    }

    package func lines(
        _ question: LineQuestion, _ progress: QueryProgress = QueryProgress()
    ) throws(QueryError) -> (lines: [ResultLine], statistics: LogStatistics) {
        let run = begin(progress)
        let lines = try LineCollector(question).collect(run)
        return (lines, run.statistics(entriesReturned: lines.count))
    }

    /// The value of an expression at `startMs`, `startMs + stepMs` and so on; at `startMs` alone where `stepMs` is zero.
    package func metric(
        _ expression: MetricExpression, startNs: Int64, endNs: Int64, stepNs: Int64,
        _ progress: QueryProgress = QueryProgress()
    ) throws(QueryError) -> (value: MetricValue, statistics: LogStatistics) {
        let run = begin(progress)
        let steps = TimeSteps(startNs: startNs, endNs: endNs, stepNs: stepNs)
        var value = try MetricEvaluator(steps: steps, run: run).value(of: expression)
        if case .rows(let rows) = value {
            if rows.count > options.seriesMax { throw Self.tooManySeries(options.seriesMax) }
            if !rows.isOrdered || !steps.isInstant { value = .rows(rows.sortedByLabels()) }
        }
        return (value, run.statistics(entriesReturned: 0))
    }

    private func begin(_ progress: QueryProgress) -> LogRun {
        LogRun(
            store: store, progress: progress,
            ledger: QueryLedger(
                memory: memory, bytesMax: options.memoryMaxBytes, samplesMax: options.samplesMax, progress: progress),
            deadlineNs: time.monotonicNs + options.timeoutMs * 1_000_000, timeoutMs: options.timeoutMs, time: time)
    }

    private static func tooManySeries(_ limit: Int) -> QueryError {
        QueryError(
            .limit,
            "maximum number of series (\(limit)) reached for a single query; consider reducing query cardinality by adding more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), count() or topk()"
        )
    }
}

/// One query on its way: what it asks, what it holds and when it has to end. For all threads that work for it.
final class LogRun: Sendable {
    let store: any LogStore
    let progress: QueryProgress
    let ledger: QueryLedger
    private let deadlineNs: Int64
    private let timeoutMs: Int64
    private let time: any TimeSource
    private let begunNs: Int64
    private let entriesReadTotal = Atomic<Int>(0)
    private let bytesRead = Atomic<Int>(0)
    private let entriesKept = Atomic<Int>(0)

    init(
        store: any LogStore, progress: QueryProgress, ledger: QueryLedger, deadlineNs: Int64, timeoutMs: Int64,
        time: any TimeSource
    ) {
        self.store = store
        self.progress = progress
        self.ledger = ledger
        self.deadlineNs = deadlineNs
        self.timeoutMs = timeoutMs
        self.time = time
        begunNs = time.monotonicNs
    }

    var entriesRead: Int { entriesReadTotal.load(ordering: .relaxed) }

    func noteBlock(entries: Int, bytes: Int) throws(QueryError) {
        entriesReadTotal.wrappingAdd(entries, ordering: .relaxed)
        bytesRead.wrappingAdd(bytes, ordering: .relaxed)
        progress.noteRead(entries)
        if progress.cancellation.isRaised { throw .cancelled }
        if time.monotonicNs > deadlineNs {
            throw QueryError(
                .timeout,
                "the query took longer than \(timeoutMs / 1000) s: ask for a shorter time or fewer streams, or raise queries.timeout in the configuration"
            )
        }
    }

    func noteKept(_ entries: Int = 1) { entriesKept.wrappingAdd(entries, ordering: .relaxed) }

    func statistics(entriesReturned: Int) -> LogStatistics {
        LogStatistics(
            execNs: time.monotonicNs - begunNs, entriesRead: entriesRead, bytesRead: bytesRead.load(ordering: .relaxed),
            entriesKept: entriesKept.load(ordering: .relaxed), entriesReturned: entriesReturned)
    }
}

/// What a query took.
package struct LogStatistics: Sendable {
    package var execNs: Int64
    /// Entries that the store gave and whose stages were run.
    package var entriesRead: Int
    package var bytesRead: Int
    /// Entries that passed all stages.
    package var entriesKept: Int
    package var entriesReturned: Int

    package init(execNs: Int64, entriesRead: Int, bytesRead: Int, entriesKept: Int, entriesReturned: Int) {
        self.execNs = execNs
        self.entriesRead = entriesRead
        self.bytesRead = bytesRead
        self.entriesKept = entriesKept
        self.entriesReturned = entriesReturned
    }
}

/// The instants of a question: an arithmetic row.
struct TimeSteps {
    let startNs: Int64
    let stepNs: Int64
    let count: Int

    init(startNs: Int64, endNs: Int64, stepNs: Int64) {
        self.startNs = startNs
        self.stepNs = max(stepNs, 1)
        isInstant = stepNs == 0
        count = stepNs == 0 || endNs < startNs ? 1 : Int((endNs - startNs) / stepNs) + 1
    }

    let isInstant: Bool

    func timestampNs(_ step: Int) -> Int64 { startNs + Int64(step) * stepNs }
    var lastNs: Int64 { timestampNs(count - 1) }

    /// The steps whose window (`t - range`, `t`] holds an instant; empty where none does.
    @inline(__always)
    func steps(of ns: Int64, rangeNs: Int64) -> Range<Int> {
        let first = ns <= startNs ? 0 : Int((ns - startNs + stepNs - 1) / stepNs)
        let end = ns + rangeNs <= startNs ? 0 : Int((ns + rangeNs - 1 - startNs) / stepNs) + 1
        let bounded = min(end, count)
        return first < bounded ? first..<bounded : 0..<0
    }
}

/// The steps of instants that come mostly in order: they are found anew only where they change.
struct StepWindow {
    private let steps: TimeSteps
    private let rangeNs: Int64
    /// The instants for which `last` holds.
    private var first: Int64 = 0
    private var end: Int64 = 0
    private var last = 0..<0

    init(_ steps: TimeSteps, rangeNs: Int64) { (self.steps, self.rangeNs) = (steps, rangeNs) }

    @inline(__always)
    mutating func steps(of ns: Int64) -> Range<Int> {
        if ns < first || ns >= end { find(ns) }
        return last
    }

    private mutating func find(_ ns: Int64) {
        last = steps.steps(of: ns, rangeNs: rangeNs)
        (first, end) = (ns, ns + 1)
        guard !last.isEmpty else { return }
        // Later than the step before, not later than the first; not later than where the last would be another.
        first = last.lowerBound == 0 ? .min : steps.timestampNs(last.lowerBound - 1) + 1
        end = steps.timestampNs(last.lowerBound) + 1
        if last.upperBound < steps.count { end = min(end, steps.timestampNs(last.upperBound) - rangeNs + 1) }
        first = max(first, steps.timestampNs(last.upperBound - 1) - rangeNs + 1)
    }
}

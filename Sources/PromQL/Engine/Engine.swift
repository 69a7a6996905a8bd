import Model
package import Posix
package import Storage

/// Answers queries over a store.
package final class Engine: Sendable {
    package let options: EngineOptions
    /// What all its queries may hold together.
    package let memory: QueryMemory
    private let store: any MetricStore
    private let logs: ForeignSelector?
    private let workers: Workers
    private let clock: any TimeSource
    private let spareBlocks: SpareBlocks

    /// - Parameters:
    ///   - logs: who evaluates `logs("...")`; nil where no logs are kept.
    ///   - memory: shared with other engines of the process; nil for one that only the bound of each query limits.
    package init(
        store: any MetricStore, logs: ForeignSelector? = nil, workers: Workers,
        options: EngineOptions = EngineOptions(), memory: QueryMemory? = nil, clock: any TimeSource = SystemTime()
    ) {
        self.store = store
        self.logs = logs
        self.workers = workers
        self.options = options
        self.memory = memory ?? QueryMemory(limitBytes: .max)
        self.clock = clock
        spareBlocks = SpareBlocks(countMax: workers.width * 2)
    }

    /// What of the store is settled, for those who keep results.
    package var settled: SettledMark? { store.settled }

    /// Does work in parts that have nothing to do with each other, such as several queries, with the threads that help
    /// queries; returns when all are done.
    package func spread(parts: Int, _ body: @escaping @Sendable (Int) -> Void) {
        workers.forEach(parts: parts, body)
    }

    /// The value at one instant.
    package func instant(
        _ expression: Expression, atMs timeMs: Int64, lookbackMs: Int64? = nil,
        cancellation: Cancellation = Cancellation()
    ) throws(QueryError) -> QueryResult {
        let progress = QueryProgress(cancellation: cancellation)
        return try prepareInstant(expression, atMs: timeMs, lookbackMs: lookbackMs, progress).run()
    }

    /// The values at each step from `startMs` to `endMs`.
    package func range(
        _ expression: Expression, startMs: Int64, endMs: Int64, stepMs: Int64, lookbackMs: Int64? = nil,
        cancellation: Cancellation = Cancellation()
    ) throws(QueryError) -> QueryResult {
        let progress = QueryProgress(cancellation: cancellation)
        return try prepareRange(
            expression, startMs: startMs, endMs: endMs, stepMs: stepMs, lookbackMs: lookbackMs, progress
        ).run()
    }

    /// Plans a query and selects its series, so that what it will cost can be told before it runs.
    ///
    /// - Parameters:
    ///   - seriesMax: a selector that finds more is refused, with an error of the kind `limit`.
    ///   - countsSamples: whether the result tells how many samples each instant looked at.
    package func prepareInstant(
        _ expression: Expression, atMs timeMs: Int64, lookbackMs: Int64? = nil, timeoutMs: Int64? = nil,
        seriesMax: Int = .max, countsSamples: Bool = false, _ progress: QueryProgress
    ) throws(QueryError) -> PreparedQuery {
        let times = QueryTimes(startMs: timeMs, endMs: timeMs, stepMs: 0)
        return try prepare(
            expression, Grid(instantMs: timeMs), times, options(lookbackMs, timeoutMs, seriesMax, countsSamples),
            progress, isRange: false)
    }

    package func prepareRange(
        _ expression: Expression, startMs: Int64, endMs: Int64, stepMs: Int64, lookbackMs: Int64? = nil,
        timeoutMs: Int64? = nil, seriesMax: Int = .max, countsSamples: Bool = false, _ progress: QueryProgress
    ) throws(QueryError) -> PreparedQuery {
        let type = expression.type
        if type != .vector, type != .scalar {
            throw .execution(
                "invalid expression type \"\(type.documented)\" for range query, must be Scalar or instant Vector")
        }
        let times = QueryTimes(startMs: startMs, endMs: endMs, stepMs: stepMs)
        if endMs < startMs { throw .execution("end timestamp must not be before start time") }
        if stepMs <= 0 { throw .execution("zero or negative query resolution step widths are not accepted") }
        if (endMs - startMs) / stepMs >= Int64(options.memoryMaxBytes / QueryRun.cellBytes) {
            throw QueryLedger.tooLarge(options.memoryMaxBytes)
        }
        let grid = Grid(startMs: startMs, endMs: endMs, stepMs: stepMs)
        return try prepare(
            expression, grid, times, options(lookbackMs, timeoutMs, seriesMax, countsSamples), progress, isRange: true)
    }

    /// Those of one query: a limit of its own is never above the engine's.
    private func options(
        _ lookbackMs: Int64?, _ timeoutMs: Int64?, _ seriesMax: Int, _ countsSamples: Bool
    ) -> EngineOptions {
        var options = options
        options.countsSamples = countsSamples
        options.seriesMax = min(options.seriesMax, seriesMax)
        if let lookbackMs { options.lookbackMs = lookbackMs }
        if let timeoutMs, timeoutMs > 0 { options.timeoutMs = min(options.timeoutMs, timeoutMs) }
        return options
    }

    private func prepare(
        _ expression: Expression, _ grid: Grid, _ times: QueryTimes, _ options: EngineOptions,
        _ progress: QueryProgress, isRange: Bool
    ) throws(QueryError) -> PreparedQuery {
        let begunNs = clock.monotonicNs
        let run = QueryRun(
            store: store, logs: logs, options: options, workers: workers, memory: memory, spareBlocks: spareBlocks,
            progress: progress, clock: clock)
        var planner = Planner(times: times, options: options)
        let plan = try planner.plan(root: expression, grid: grid)
        let selections = try Selections(planner.needs, run)
        let prepared = PreparedQuery(
            plan, selections, run, grid, isRange: isRange, tookNs: clock.monotonicNs - begunNs)
        try prepared.checkEstimate()
        return prepared
    }
}

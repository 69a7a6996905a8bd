import Model
package import Posix
package import Storage
import Synchronization

/// Answers queries over a store.
package final class Engine: Sendable {
    package let options: EngineOptions
    private let store: any MetricStore
    private let workers: Workers
    private let clock: any TimeSource

    package init(
        store: any MetricStore, workers: Workers, options: EngineOptions = EngineOptions(),
        clock: any TimeSource = SystemTime()
    ) {
        self.store = store
        self.workers = workers
        self.options = options
        self.clock = clock
    }

    /// The value at one instant.
    package func instant(
        _ expression: Expression, atMs timeMs: Int64, lookbackMs: Int64? = nil,
        cancellation: Cancellation = Cancellation()
    ) throws(QueryError) -> QueryResult {
        let times = QueryTimes(startMs: timeMs, endMs: timeMs, stepMs: 0)
        return try evaluate(expression, Grid(instantMs: timeMs), times, lookbackMs, cancellation, isRange: false)
    }

    /// The values at each step from `startMs` to `endMs`.
    package func range(
        _ expression: Expression, startMs: Int64, endMs: Int64, stepMs: Int64, lookbackMs: Int64? = nil,
        cancellation: Cancellation = Cancellation()
    ) throws(QueryError) -> QueryResult {
        let type = expression.type
        if type != .vector, type != .scalar {
            throw .execution(
                "invalid expression type \"\(type.documented)\" for range query, must be Scalar or instant Vector")
        }
        let times = QueryTimes(startMs: startMs, endMs: endMs, stepMs: stepMs)
        if endMs < startMs { throw .execution("end timestamp must not be before start time") }
        if stepMs <= 0 { throw .execution("zero or negative query resolution step widths are not accepted") }
        let grid = Grid(startMs: startMs, endMs: endMs, stepMs: stepMs)
        return try evaluate(expression, grid, times, lookbackMs, cancellation, isRange: true)
    }

    private func evaluate(
        _ expression: Expression, _ grid: Grid, _ times: QueryTimes, _ lookbackMs: Int64?,
        _ cancellation: Cancellation, isRange: Bool
    ) throws(QueryError) -> QueryResult {
        var options = options
        if let lookbackMs { options.lookbackMs = lookbackMs }
        let run = QueryRun(
            store: store, options: options, workers: workers, cancellation: cancellation, clock: clock)
        var planner = Planner(
            times: times, lookbackMs: options.lookbackMs, defaultSubqueryStepMs: options.defaultSubqueryStepMs,
            features: options.features)
        let plan = try planner.plan(root: expression, grid: grid)
        let evaluator = Evaluator(run, try Selections(planner.needs, run))
        let value = try evaluate(plan, evaluator, isRange: isRange)
        return QueryResult(
            value: value, grid: grid, annotations: evaluator.annotations.all,
            statistics: QueryResult.Statistics(
                samplesRead: run.samplesRead.load(ordering: .relaxed), samplesPeak: run.peakSamples))
    }

    private func evaluate(
        _ plan: Plan, _ evaluator: Evaluator, isRange: Bool
    ) throws(QueryError) -> QueryResult.Value {
        switch plan.type {
        case .scalar:
            let column = try evaluator.scalar(plan)
            guard isRange else { return .scalar(column[0]) }
            var frame = Frame(grid: plan.grid)
            frame.appendEmptyRow(.empty, dropsName: false)
            frame.values = column.map(Absent.cell)
            return .matrix(frame)
        case .string:
            guard case .string(let text, _) = plan.node else { preconditionFailure("BUG: no string") }
            return .string(text)
        case .vector:
            let frame = try evaluator.finished(evaluator.frame(plan))
            return isRange ? .matrix(frame.sortedByLabels()) : .vector(frame)
        case .matrix:
            guard case .rawSamples(let input) = plan.node else { preconditionFailure("BUG: no range vector") }
            return .samples(try evaluator.rawSamples(input, plan.grid).sorted { $0.labels < $1.labels })
        }
    }
}

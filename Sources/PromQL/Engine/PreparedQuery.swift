import Model
import Storage

/// A query that is planned and whose series are selected: it says what it will cost, and runs once.
package final class PreparedQuery: Sendable {
    private let plan: Plan
    private let selections: Selections
    private let execution: QueryRun
    private let grid: Grid
    private let isRange: Bool
    private let prepareNs: Int64

    init(
        _ plan: Plan, _ selections: Selections, _ run: QueryRun, _ grid: Grid, isRange: Bool, tookNs: Int64
    ) {
        prepareNs = tookNs
        self.plan = plan
        self.selections = selections
        execution = run
        self.grid = grid
        self.isRange = isRange
    }

    /// Series that are selected, some of which may have no samples in the time asked for.
    package var series: Int { selections.series }

    /// About how much work it is, in samples: those read, and the cells made of them.
    package var cost: Int {
        if plan.asksLogs { return .max }
        return selections.samplesEstimate + plan.cells(selections) + series * Self.seriesCost
    }

    /// What finding a series and its labels costs, in samples.
    private static let seriesCost = 100

    /// Refuses a query whose result alone is far beyond what it may hold.
    func checkEstimate() throws(QueryError) {
        let limit = execution.options.memoryMaxBytes
        let (most, overflow) = limit.multipliedReportingOverflow(by: execution.options.estimateTolerance)
        if plan.keptCells(selections) > (overflow ? .max : most) / QueryRun.cellBytes {
            throw QueryLedger.tooLarge(limit)
        }
    }

    package func run() throws(QueryError) -> QueryResult {
        let begunNs = execution.nowNs
        let counts = execution.options.countsSamples ? StepCounts(steps: plan.grid.count) : nil
        let evaluator = Evaluator(execution, selections, counts: counts)
        let value = try evaluate(evaluator)
        return QueryResult(
            value: value, grid: grid, annotations: evaluator.annotations.all,
            statistics: QueryResult.Statistics(
                samplesRead: execution.progress.samplesRead, samplesPerStep: counts?.all,
                samplesPeak: execution.progress.peakSamples,
                bytesPeak: execution.progress.peakBytes, prepareNs: prepareNs,
                evaluateNs: execution.nowNs - begunNs),
            held: execution.ledger)
    }

    private func evaluate(_ evaluator: Evaluator) throws(QueryError) -> QueryResult.Value {
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

extension Plan {
    /// Whether a selector of logs is in it, whose cost nobody knows before it runs.
    fileprivate var asksLogs: Bool {
        if case .instant(let instant) = node, case .logs = instant.input { return true }
        return children.contains { $0.asksLogs }
    }

    /// Cells that the rows of all parts have, kept or not.
    func cells(_ selections: Selections) -> Int {
        rowsOfSelectors(selections).reduce(0) { total, part in
            total.addingClamped(part.rows.multipliedClamped(by: part.steps))
        }
    }

    /// Cells that surely are in memory at once: those of rows that no aggregation takes in as they come.
    func keptCells(_ selections: Selections) -> Int {
        switch node {
        case .aggregation(let node): return node.input.keptCellsBelow(selections)
        default: return max(keptCellsBelow(selections), cellsOfSource(selections))
        }
    }

    private func keptCellsBelow(_ selections: Selections) -> Int {
        children.map { $0.keptCells(selections) }.max() ?? 0
    }

    /// Of a selector, or of a chain of maps over one.
    private func cellsOfSource(_ selections: Selections) -> Int {
        switch node {
        case .instant, .overTime: cells(selections)
        case .map(_, let input, _), .negation(let input): input.cellsOfSource(selections)
        default: 0
        }
    }

    /// Rows and instants of each selector in it; no series has more rows than samples.
    private func rowsOfSelectors(_ selections: Selections) -> [(rows: Int, steps: Int)] {
        var own: [(rows: Int, steps: Int)] = []
        switch node {
        case .instant(let instant):
            if case .selection(let need) = instant.input { own = [(selections.rows(need), grid.count)] }
        case .overTime(let plan):
            if case .selection(let need) = plan.input.source { own = [(selections.rows(need), grid.count)] }
        default: break
        }
        return own + children.flatMap { $0.rowsOfSelectors(selections) }
    }

    var children: [Plan] {
        switch node {
        case .number, .string, .instant, .noStartTimestamps: []
        case .scalars(_, let plans), .vectorCall(_, let plans): plans
        case .scalarOfVector(let plan), .vectorOfScalar(let plan), .absent(let plan, _), .negation(let plan),
            .timeOfEvaluation(let plan), .invariant(let plan), .shared(_, let plan):
            [plan]
        case .map(_, let input, let scalars): [input] + scalars
        case .rawSamples(let input): input.inner
        case .overTime(let plan): plan.input.inner + plan.scalars
        case .info(let plan): [plan.input]
        case .aggregation(let plan): [plan.input] + (plan.parameter.map { [$0] } ?? [])
        case .scalarBinary(_, let left, let right), .setOperation(_, let left, let right, _): [left, right]
        case .vectorScalar(let plan): [plan.vector, plan.scalar]
        case .vectorBinary(let plan): [plan.left, plan.right]
        }
    }
}

extension RangeInput {
    fileprivate var inner: [Plan] {
        if case .subquery(let plan) = source { return [plan] }
        return []
    }
}

extension Selections {
    fileprivate func rows(_ need: Int) -> Int { min(self[need].count, self[need].samplesEstimate) }
}

extension Int {
    fileprivate func addingClamped(_ other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    fileprivate func multipliedClamped(by other: Int) -> Int {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        return overflow ? .max : product
    }
}

import Model
import Storage

/// Evaluates a plan: scalars to columns, vectors to sources of rows or to frames.
final class Evaluator {
    let run: QueryRun
    private let selections: Selections
    var annotations = Annotations()
    private var shared: [Int: Frame] = [:]
    /// Nil where nobody asks for them.
    private var counts: StepCounts?
    /// What each frame of `shared` counts wherever it is used.
    private var sharedCounts: [Int: [Int]] = [:]

    init(_ run: QueryRun, _ selections: Selections, counts: StepCounts? = nil) {
        self.run = run
        self.selections = selections
        self.counts = counts
    }

    private var features: LanguageFeatures { run.options.features }

    // Scalars

    /// A number for each instant.
    func scalar(_ plan: Plan) throws(QueryError) -> [Double] {
        let mark = run.ledger.mark
        let column = try makeScalar(plan)
        run.ledger.settle(mark, bytes: column.count * QueryRun.cellBytes, samples: 0)
        return column
    }

    private func makeScalar(_ plan: Plan) throws(QueryError) -> [Double] {
        let count = plan.grid.count
        try run.ledger.hold(bytes: count * QueryRun.cellBytes)
        switch plan.node {
        case .number(let value): return [Double](repeating: value, count: count)
        case .scalars(let column, let arguments): return column(try scalars(arguments), plan.grid)
        case .scalarOfVector(let vector): return Self.only(try frame(vector))
        case .scalarBinary(let operation, let left, let right):
            let left = try scalar(left)
            let right = try scalar(right)
            return (0..<count).map { ScalarOperation.apply(operation, left[$0], right[$0]) }
        case .negation(let operand): return try scalar(operand).map { -$0 }
        case .invariant(let inner):
            let once = try countingOnce { () throws(QueryError) in try scalar(inner)[0] }
            return [Double](repeating: once, count: count)
        default: preconditionFailure("BUG: no scalar")
        }
    }

    private func scalars(_ plans: [Plan]) throws(QueryError) -> [[Double]] {
        var columns: [[Double]] = []
        for plan in plans { columns.append(try scalar(plan)) }
        return columns
    }

    /// The only float of each instant, NaN where there is none or more than one.
    private static func only(_ frame: Frame) -> [Double] {
        (0..<frame.grid.count).map { step in
            var found: Double?
            for row in 0..<frame.count {
                let value = frame.values[row * frame.grid.count + step]
                if Absent.isAbsent(value) { continue }
                if found != nil { return .nan }
                found = value
            }
            return found ?? .nan
        }
    }

    // Vectors

    /// The rows of a vector in memory.
    ///
    /// Whatever was held to make them is settled to what they take themselves.
    func frame(_ plan: Plan) throws(QueryError) -> Frame {
        let mark = run.ledger.mark
        let frame = try make(plan)
        run.ledger.settle(mark, bytes: frame.heldBytes, samples: frame.values.count)
        return frame
    }

    private func make(_ plan: Plan) throws(QueryError) -> Frame {
        switch plan.node {
        case .aggregation(let node): return try aggregation(node, plan.grid)
        case .vectorBinary(let node): return try VectorBinary(node, plan, self).evaluate()
        case .setOperation(let operation, let left, let right, let matching):
            let left = try frame(left)
            let right = try frame(right)
            return try SetOperation(operation, matching).evaluate(left, right)
        case .vectorOfScalar(let scalar):
            var frame = Frame(grid: plan.grid)
            frame.appendEmptyRow(.empty, dropsName: false)
            frame.values = try self.scalar(scalar).map(Absent.cell)
            return frame
        case .absent(let input, let labels): return try absent(input, labels, plan.grid)
        case .noStartTimestamps: return Frame(grid: plan.grid)
        case .vectorCall(let body, let arguments): return try call(body, arguments, plan)
        case .info(let node): return try info(node, plan)
        case .invariant(let inner):
            let once = try countingOnce { () throws(QueryError) in try frame(inner) }
            try run.hold(cells: once.count * plan.grid.count)
            return once.repeated(over: plan.grid)
        case .shared(let number, let inner):
            if let known = shared[number] {
                if let own = sharedCounts[number] { counts?.add(own) }
                return known
            }
            let own = counts.map { _ in StepCounts(steps: plan.grid.count) }
            let made = try counting(by: own) { () throws(QueryError) in try frame(inner) }
            shared[number] = made
            if let own {
                sharedCounts[number] = own.all
                counts?.add(own.all)
            }
            run.ledger.keep(bytes: made.heldBytes, samples: made.values.count)
            return made
        default:
            let (frame, notes) = try source(plan).materialised(run)
            annotations.add(notes)
            return try droppingNamesEagerly(frame, seriesBySeries: plan.node.goesSeriesBySeries)
        }
    }

    /// The rows of a vector as they are made, where that can be block by block.
    func source(_ plan: Plan) throws(QueryError) -> any RowSource {
        switch plan.node {
        case .instant(let instant):
            switch instant.input {
            case .selection(let number):
                let source = InstantSource(
                    instant, grid: plan.grid, position: plan.position, selections[number], run)
                if let counts { return CountedSource(source, counts) }
                return source
            case .logs(let query): return try run.logs(query, instant, plan)
            }
        case .overTime(let overTime): return try source(overTime, plan.grid)
        case .map(let change, let input, let scalars):
            let arguments = MapArguments(scalars: try self.scalars(scalars))
            return MappedSource(try source(input)) { (frame, scratch) throws(QueryError) in
                frame.histograms.removeAll()
                frame.mapRows(scratch) { row in change(&row, arguments) }
            }
        case .negation(let operand):
            return MappedSource(try source(operand)) { (frame, scratch) throws(QueryError) in
                frame.mapRows(scratch) { row in MapArguments.each(&row) { value, _ in -value } }
                for (row, column) in frame.histograms {
                    frame.histograms[row] = column.map { $0?.multiplied(by: -1) }
                }
            }
        case .timeOfEvaluation(let input):
            let grid = plan.grid
            return MappedSource(try source(input)) { (frame, scratch) throws(QueryError) in
                for row in frame.histograms.keys {
                    for step in 0..<grid.count where frame.isPresent(row, step) {
                        frame.set(.float(0), row: row, step: step)
                    }
                }
                frame.histograms.removeAll()
                frame.mapRows(scratch) { row in
                    MapArguments.each(&row) { _, step in Double(grid.timeMs(step)) / 1000 }
                }
            }
        case .vectorScalar(let node): return try vectorScalar(node, plan)
        default: return FrameSource(try frame(plan))
        }
    }

    private func source(_ plan: OverTimePlan, _ grid: Grid) throws(QueryError) -> any RowSource {
        let scalars = try scalars(plan.scalars)
        switch plan.input.source {
        case .selection(let selection):
            return OverTimeSource(
                plan, over: selections[selection], grid: grid, scalars: scalars, run, counts)
        case .subquery(let inner):
            let rows = try counting(by: nil) { () throws(QueryError) in try frame(inner) }
            return OverTimeSource(plan, over: rows, grid: grid, scalars: scalars, run, counts)
        }
    }

    // What is looked at

    private func counting<Value>(
        by other: StepCounts?, _ body: () throws(QueryError) -> Value
    ) throws(QueryError) -> Value {
        let counts = counts
        self.counts = other
        defer { self.counts = counts }
        return try body()
    }

    /// What is evaluated once counts at each instant that it stands for.
    private func countingOnce<Value>(_ body: () throws(QueryError) -> Value) throws(QueryError) -> Value {
        guard let counts else { return try body() }
        let once = StepCounts(steps: 1)
        let value = try counting(by: once, body)
        counts.add(toEach: once.all[0])
        return value
    }

    /// Without delayed removal names go at once, and series that then are the same are an error at once.
    ///
    /// - Parameter seriesBySeries: whether they are that even with no instant in common.
    private func droppingNamesEagerly(_ frame: Frame, seriesBySeries: Bool = false) throws(QueryError) -> Frame {
        guard !features.delayedNameRemoval, frame.dropsName.contains(true) else { return frame }
        let dropped = seriesBySeries ? frame.withNamesDropped().withoutEmptyRows() : frame.withNamesDropped()
        guard let merged = dropped.mergingEqualLabels(), !seriesBySeries || merged.count == dropped.count else {
            throw .sameLabels
        }
        return merged
    }

    private func call(
        _ body: @Sendable (inout VectorCall) throws(QueryError) -> Frame, _ plans: [Plan], _ plan: Plan
    ) throws(QueryError) -> Frame {
        var arguments: [VectorCall.Argument] = []
        for argument in plans {
            switch argument.type {
            case .scalar: arguments.append(.scalar(try scalar(argument)))
            case .vector: arguments.append(.frame(try frame(argument)))
            case .string:
                guard case .string(let text, let isValid) = argument.node else {
                    preconditionFailure("BUG: no string")
                }
                arguments.append(.string(text, isValid: isValid))
            case .matrix: preconditionFailure("BUG: a range vector among vectors")
            }
        }
        var call = VectorCall(
            arguments: arguments, positions: plans.map(\.position), position: plan.position, grid: plan.grid,
            features: features)
        let frame = try body(&call)
        annotations.add(call.annotations)
        return try droppingNamesEagerly(frame)
    }

    private func absent(_ plan: Plan, _ labels: Labels, _ grid: Grid) throws(QueryError) -> Frame {
        let (states, notes) = try source(plan).forEachPart(run) {
            [Bool](repeating: false, count: grid.count)
        } _: { (present, block, _) throws(QueryError) in
            for row in 0..<block.count {
                for step in 0..<grid.count where block.isPresent(row, step) { present[step] = true }
            }
        }
        annotations.add(notes)
        var frame = Frame(grid: grid)
        frame.appendEmptyRow(labels, dropsName: false)
        for step in 0..<grid.count where !states.contains(where: { $0[step] }) { frame.values[step] = 1 }
        return frame.withoutEmptyRows()
    }

    private func vectorScalar(_ node: VectorScalarPlan, _ plan: Plan) throws(QueryError) -> any RowSource {
        let column = try scalar(node.scalar)
        let element = ElementOperation(
            operation: node.operation, returnsBool: node.returnsBool, position: plan.position)
        let dropsName = node.operation.changesMeaning || node.returnsBool
        return MappedSource(try source(node.vector)) { (frame, scratch) throws(QueryError) in
            let onlyFloats = frame.histograms.isEmpty
            for row in 0..<frame.count {
                if dropsName { frame.dropsName[row] = true }
                if onlyFloats || frame.histograms[row] == nil {
                    let cells = frame.cells(row)
                    if node.scalarIsLeft {
                        element.applySwapped(&frame.values, cells, column)
                    } else {
                        element.apply(&frame.values, cells, column)
                    }
                } else {
                    element.apply(&frame, row, column, swapped: node.scalarIsLeft, &scratch.annotations)
                }
            }
        }
    }

    /// The samples themselves, of a range that is the whole query.
    func rawSamples(_ input: RangeInput, _ grid: Grid) throws(QueryError) -> [SampledSeries] {
        let end = input.mapping.timeMs(0, grid)
        switch input.source {
        case .subquery(let inner):
            let rows = try counting(by: nil) { () throws(QueryError) in try finished(frame(inner)) }
            let all = SampledSeries.all(of: rows)
            count(all)
            return all
        case .selection(let number):
            let selection = selections[number]
            var labels = LabelBlock()
            var block = SeriesBlock()
            var all: [SampledSeries] = []
            var next = 0
            while next < selection.count {
                try run.check()
                let rows = next..<min(selection.count, next + 256)
                let samples = try selection.readAll(rows, labels: &labels, into: &block, run)
                for series in 0..<rows.count {
                    let sampled = try SampledSeries(
                        labels.labels(series), block, series, input, endMs: end)
                    if !sampled.timesMs.isEmpty || !sampled.histograms.isEmpty { all.append(sampled) }
                }
                // What is kept counts on until the query ends; what was read does not.
                run.release(samples: samples)
                try run.hold(samples: all.suffix(rows.count).reduce(0) { $0 + $1.timesMs.count })
                next = rows.upperBound
            }
            count(all)
            return all
        }
    }

    private func count(_ all: [SampledSeries]) {
        let histograms = all.reduce(0) { $0 + $1.histograms.reduce(0) { $0 + $1.value.sampleCost } }
        counts?.add(toEach: all.reduce(histograms) { $0 + $1.values.count })
    }

    /// The end of a vector's way: names go, and what then is the same becomes one.
    func finished(_ frame: Frame) throws(QueryError) -> Frame {
        // Each step of the way may copy it.
        try run.ledger.hold(bytes: frame.heldBytes)
        guard let merged = frame.withNamesDropped().mergingEqualLabels() else { throw .sameLabels }
        return merged.withoutEmptyRows()
    }
}

extension Frame {
    /// Changes the cells of all rows, each row on its own; their names are to go.
    mutating func mapRows(_ scratch: Scratch, _ change: (inout [Double]) -> Void) {
        for row in 0..<count {
            dropsName[row] = true
            scratch.row.removeAll(keepingCapacity: true)
            scratch.row.append(contentsOf: values[cells(row)])
            change(&scratch.row)
            let base = row * grid.count
            for step in 0..<grid.count { values[base + step] = scratch.row[step] }
        }
    }
}

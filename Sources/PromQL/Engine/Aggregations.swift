import Encoding
import Model
import Storage

extension Evaluator {
    func aggregation(_ plan: AggregationPlan, _ grid: Grid) throws(QueryError) -> Frame {
        switch plan.operation {
        case .topk, .bottomk, .limitk, .limitRatio: return try choice(plan, grid)
        case .quantile: return try quantile(plan, grid)
        case .countValues: return try countValues(plan, grid)
        default: return try sum(plan, grid)
        }
    }

    /// Aggregations that add up row by row; the input is never in memory as a whole.
    private func sum(_ plan: AggregationPlan, _ grid: Grid) throws(QueryError) -> Frame {
        let input = try source(plan.input)
        let run = run
        let (states, notes) = try input.forEachPart(run) {
            Aggregator(plan, grid: grid)
        } _: { (aggregator, block, scratch) throws(QueryError) in
            let before = aggregator.heldBytes
            aggregator.add(block, &scratch.annotations)
            try run.ledger.hold(bytes: aggregator.heldBytes - before)
        }
        annotations.add(notes)
        var total = states.first ?? Aggregator(plan, grid: grid)
        for state in states.dropFirst() { total.add(state, &annotations) }
        let overflowed = total.overflowed
        let means = overflowed.isEmpty ? [:] : try self.means(of: overflowed, input, total, grid)
        return total.frame(means: means, &annotations)
    }

    /// Averages whose sum is more than a Double holds, mean by mean.
    private func means(
        of cells: Set<Int>, _ input: any RowSource, _ total: Aggregator, _ grid: Grid
    ) throws(QueryError) -> [Int: Double] {
        var groups = total
        var means: [Int: FloatMean] = [:]
        let scratch = Scratch()
        var block = Frame(grid: grid)
        for row in 0..<input.count {
            try run.check()
            try input.read(row..<row + 1, into: &block, scratch)
            let group = groups.knownGroup(of: block.labels.bytes.span.extracting(block.labels.range(0)))
            for step in 0..<grid.count where cells.contains(group * grid.count + step) {
                let value = block.values[step]
                if Absent.isAbsent(value) { continue }
                let cell = group * grid.count + step
                if var mean = means[cell] {
                    mean.add(value)
                    means[cell] = mean
                } else {
                    means[cell] = FloatMean(value)
                }
            }
        }
        return means.mapValues(\.mean)
    }

    private func filter(_ plan: AggregationPlan) -> LabelFilter {
        plan.isWithout
            ? LabelFilter(dropping: plan.grouping + [Labels.metricName]) : LabelFilter(keeping: plan.grouping)
    }

    /// The number of the group of each row.
    private func groups(of frame: Frame, _ plan: AggregationPlan) -> (numbers: [Int], table: LabelTable) {
        let filter = filter(plan)
        var table = LabelTable()
        var key: [UInt8] = []
        var numbers: [Int] = []
        for row in 0..<frame.count {
            filter.apply(frame.labels.bytes.span.extracting(frame.labels.range(row)), into: &key)
            numbers.append(table.number(of: key.span))
        }
        return (numbers, table)
    }

    private func parameter(_ plan: AggregationPlan) throws(QueryError) -> [Double] {
        guard let parameter = plan.parameter else { preconditionFailure("BUG: an aggregation without its parameter") }
        return try scalar(parameter)
    }

    private func quantile(_ plan: AggregationPlan, _ grid: Grid) throws(QueryError) -> Frame {
        let column = try parameter(plan)
        let position = plan.parameter?.position ?? plan.input.position
        let numbers = column.filter { !$0.isNaN }
        if numbers.count < column.count { annotations.add(.invalidQuantile(.nan, position)) }
        if let largest = numbers.max(), largest > 1 { annotations.add(.invalidQuantile(largest, position)) }
        if let smallest = numbers.min(), smallest < 0 { annotations.add(.invalidQuantile(smallest, position)) }
        let input = try frame(plan.input)
        let (groups, table) = groups(of: input, plan)
        if !input.histograms.isEmpty { annotations.add(.histogramIgnored(in: .quantile, plan.input.position)) }
        var rows = [[Int]](repeating: [], count: table.count)
        for (row, group) in groups.enumerated() { rows[group].append(row) }
        var output = Frame(grid: grid)
        let cells = input.values.span
        var values = UnsortedValues()
        for group in 0..<table.count {
            output.labels.appendSet(group, of: table.sets)
            output.appendCells(dropsName: rows[group].contains { input.dropsName[$0] })
            try run.check()
            for step in 0..<grid.count {
                values.removeAll()
                for row in rows[group] {
                    let value = cells[row * grid.count + step]
                    if !Absent.isAbsent(value) { values.append(value) }
                }
                if values.count > 0 { output.values[group * grid.count + step] = values.quantile(column[step]) }
            }
        }
        return output.withoutEmptyRows()
    }

    private func countValues(_ plan: AggregationPlan, _ grid: Grid) throws(QueryError) -> Frame {
        guard let parameter = plan.parameter, case .string(let label, _) = parameter.node else {
            preconditionFailure("BUG: count_values without its label")
        }
        let filter =
            plan.isWithout ? self.filter(plan) : LabelFilter(keeping: plan.grouping + [label])
        let input = try frame(plan.input)
        var table = LabelTable()
        var key: [UInt8] = []
        var output = Frame(grid: grid)
        for row in 0..<input.count {
            var known: [String: Int] = [:]
            for step in 0..<grid.count {
                guard let point = input.point(row, step) else { continue }
                let text: String =
                    switch point {
                    case .float(let value): FloatText.plain(value)
                    case .histogram(let histogram): histogram.description
                    }
                var group = known[text]
                if group == nil {
                    var builder = LabelsBuilder(input.labels.labels(row))
                    builder.set(label, text)
                    filter.apply(builder.labels().bytes.span, into: &key)
                    group = table.number(of: key.span)
                    known[text] = group
                    if output.count < table.count {
                        try run.hold(cells: grid.count)
                        output.labels.appendSet(key.span)
                        output.appendCells(dropsName: false)
                    }
                }
                let cell = group! * grid.count + step
                output.values[cell] = Absent.isAbsent(output.values[cell]) ? 1 : output.values[cell] + 1
            }
        }
        return output
    }

    // Choices among the series of each group

    private func choice(_ plan: AggregationPlan, _ grid: Grid) throws(QueryError) -> Frame {
        let column = try parameter(plan)
        let input = try frame(plan.input)
        let position = plan.parameter?.position ?? plan.input.position
        guard try check(column, plan, position) else { return Frame(grid: grid) }
        let (groups, table) = groups(of: input, plan)
        var rows = [[Int]](repeating: [], count: table.count)
        for (row, group) in groups.enumerated() { rows[group].append(row) }
        var output = Frame(grid: grid)
        var places = [Int?](repeating: nil, count: input.count)
        for step in 0..<grid.count {
            if step % 64 == 0 { try run.check() }
            for members in rows {
                for row in chosen(members, input, step, column[step], plan) {
                    if places[row] == nil {
                        try run.hold(cells: grid.count)
                        places[row] = output.count
                        output.labels.appendSet(row, of: input.labels)
                        output.appendCells(dropsName: input.dropsName[row])
                    }
                    output.set(input.point(row, step), row: places[row]!, step: step)
                }
            }
        }
        return output
    }

    /// False where nothing can be chosen at any instant.
    private func check(
        _ column: [Double], _ plan: AggregationPlan, _ position: PositionRange
    ) throws(QueryError) -> Bool {
        let numbers = column.filter { !$0.isNaN }
        let largest = numbers.max() ?? .nan
        let smallest = numbers.min() ?? .nan
        let hasNaN = numbers.count < column.count
        if plan.operation == .limitRatio {
            if !hasNaN, largest == 0, smallest == 0 { return false }
            if hasNaN { throw .execution("Ratio value is NaN") }
            if largest > 1 { annotations.add(.invalidRatio(largest, cappedTo: 1, position)) }
            if smallest < -1 { annotations.add(.invalidRatio(smallest, cappedTo: -1, position)) }
            return true
        }
        if largest < 1 { return false }
        if hasNaN { throw .execution("Parameter value is NaN") }
        if smallest <= -0x1p63 { throw .execution("Scalar value \(FloatText.general(smallest)) underflows int64") }
        if largest >= 0x1p63 { throw .execution("Scalar value \(FloatText.general(largest)) overflows int64") }
        return true
    }

    private func chosen(
        _ members: [Int], _ input: Frame, _ step: Int, _ parameter: Double, _ plan: AggregationPlan
    ) -> [Int] {
        let present = members.filter { input.isPresent($0, step) }
        switch plan.operation {
        case .limitk: return Array(present.prefix(max(0, Int(parameter))))
        case .limitRatio:
            let ratio = max(-1, min(1, parameter))
            return present.filter { row in
                let place = Double(input.labels.hashes[row]) / Double(UInt64.max)
                return ratio >= 0 ? place < ratio : place >= 1 + ratio
            }
        default: break
        }
        let count = max(0, min(Int(parameter), input.count))
        if count == 0 { return [] }
        let floats = present.filter { !Absent.isAbsent(input.values[$0 * input.grid.count + step]) }
        if floats.count < present.count {
            annotations.add(.histogramIgnored(in: plan.operation, plan.position))
        }
        let isTop = plan.operation == .topk
        let sorted = floats.sorted { a, b in
            let left = input.values[a * input.grid.count + step]
            let right = input.values[b * input.grid.count + step]
            if left.isNaN || right.isNaN { return !left.isNaN && right.isNaN }
            return isTop ? left > right : left < right
        }
        return Array(sorted.prefix(count))
    }
}

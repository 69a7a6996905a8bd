import Model
import Storage

/// Rows of a function over the samples of a range.
final class OverTimeSource: RowSource {
    private enum Input {
        case selection(any SeriesSelection)
        case frame(Frame)
    }

    let grid: Grid
    private let plan: OverTimePlan
    private let input: Input
    private let scalars: [[Double]]
    private let run: QueryRun
    private let knowsStarts: Bool
    /// Floats that are visited in the time that a histogram takes.
    private static let histogramVisits = 64
    private let counts: StepCounts?

    private init(
        _ plan: OverTimePlan, _ input: Input, grid: Grid, scalars: [[Double]], _ run: QueryRun, _ counts: StepCounts?
    ) {
        self.plan = plan
        self.input = input
        self.grid = grid
        self.scalars = scalars
        self.run = run
        self.counts = counts
        knowsStarts = plan.function.usesStartTimestamps && run.options.features.startTimestamps
    }

    convenience init(
        _ plan: OverTimePlan, over selection: any SeriesSelection, grid: Grid, scalars: [[Double]], _ run: QueryRun,
        _ counts: StepCounts?
    ) {
        self.init(plan, .selection(selection), grid: grid, scalars: scalars, run, counts)
    }

    convenience init(
        _ plan: OverTimePlan, over subquery: Frame, grid: Grid, scalars: [[Double]], _ run: QueryRun,
        _ counts: StepCounts?
    ) {
        self.init(plan, .frame(subquery), grid: grid, scalars: scalars, run, counts)
    }

    var count: Int {
        switch input {
        case .selection(let selection): selection.count
        case .frame(let frame): frame.count
        }
    }

    var cost: Int {
        switch input {
        case .selection(let selection): selection.samplesEstimate
        case .frame(let frame): frame.values.count
        }
    }

    private func context(_ scratch: Scratch) -> WindowContext {
        if let context = scratch.context { return context }
        let context = WindowContext(
            run, grid: grid, mapping: plan.input.mapping, rangeMs: plan.input.rangeMs, edge: plan.input.edge,
            arguments: scalars, position: plan.position)
        scratch.context = context
        return context
    }

    func read(_ rows: Range<Int>, into frame: inout Frame, _ scratch: Scratch) throws(QueryError) {
        frame.removeAll()
        let context = context(scratch)
        if counts != nil { scratch.counted = [Int](repeating: 0, count: grid.count) }
        defer { counts?.add(scratch.counted) }
        switch input {
        case .selection(let selection): try read(rows, of: selection, into: &frame, scratch, context)
        case .frame(let subquery): read(rows, of: subquery, into: &frame, scratch, context)
        }
        if let failure = context.failure { throw failure }
        if plan.function.wantsCounter { noteNonCounters(frame, context) }
        // Held on to, the labels would be copied when the next block replaces them.
        context.seriesLabels = (LabelBlock(), 0)
    }

    // From the store

    private func read(
        _ rows: Range<Int>, of selection: any SeriesSelection, into frame: inout Frame, _ scratch: Scratch,
        _ context: WindowContext
    ) throws(QueryError) {
        var block = SeriesBlock()
        swap(&block, &scratch.block)
        defer { swap(&block, &scratch.block) }
        let samples = try selection.readAll(rows, labels: &frame.labels, into: &block, run)
        defer { run.release(samples: samples) }
        var shared = SeriesBlock.Floats(timestampStart: -1, valueStart: 0, count: -1)
        scratch.row = [Double](repeating: Absent.value, count: grid.count)
        for series in 0..<rows.count where context.failure == nil {
            context.seriesLabels = (frame.labels, series)
            let floats = block.floats[series]
            let values = block.values.span.extracting(floats.valueStart..<floats.valueStart + floats.count)
            if block.histogramRange(series).isEmpty, !Self.hasStale(values) {
                if floats.timestampStart != shared.timestampStart || floats.count != shared.count {
                    findBounds(block.times(floats), scratch)
                    shared = floats
                }
                let hasStarts = knowsStarts && !block.startTimestampsMs.isEmpty
                sweep(
                    FloatRun(
                        times: block.times(floats), values: values, starts: block.starts(floats, areKnown: hasStarts)),
                    scratch, context, &frame)
            } else {
                shared.timestampStart = -1
                compact(series, block, scratch)
                evaluate(
                    block.histogramPoints(series, statisticsOnly: plan.input.statisticsOnly), scratch, context, &frame)
            }
        }
    }

    /// Markers are NaN, and hardly any series holds one: two passes of which the first compares four at a time.
    private static func hasStale(_ values: Span<Double>) -> Bool {
        var numbers = 0
        for index in values.indices { numbers &+= values[index] == values[index] ? 1 : 0 }
        if numbers == values.count { return false }
        return values.indices.contains { StaleMarker.isStale(values[$0]) }
    }

    /// Copies the floats of a series without stale markers.
    private func compact(_ series: Int, _ block: SeriesBlock, _ scratch: Scratch) {
        let floats = block.floats[series]
        scratch.times.removeAll(keepingCapacity: true)
        scratch.values.removeAll(keepingCapacity: true)
        scratch.starts.removeAll(keepingCapacity: true)
        let hasStarts = knowsStarts && !block.startTimestampsMs.isEmpty
        for index in 0..<floats.count {
            let value = block.values[floats.valueStart + index]
            if StaleMarker.isStale(value) { continue }
            scratch.times.append(block.timestampsMs[floats.timestampStart + index])
            scratch.values.append(value)
            if hasStarts { scratch.starts.append(block.startTimestampsMs[floats.valueStart + index]) }
        }
    }

    // From a subquery

    private func read(
        _ rows: Range<Int>, of subquery: Frame, into frame: inout Frame, _ scratch: Scratch,
        _ context: WindowContext
    ) {
        scratch.row = [Double](repeating: Absent.value, count: grid.count)
        scratch.starts.removeAll()
        for row in rows where context.failure == nil {
            frame.labels.appendSet(row, of: subquery.labels)
            context.seriesLabels = (subquery.labels, row)
            scratch.times.removeAll(keepingCapacity: true)
            scratch.values.removeAll(keepingCapacity: true)
            for step in 0..<subquery.grid.count {
                let value = subquery.values[row * subquery.grid.count + step]
                if Absent.isAbsent(value) { continue }
                scratch.times.append(subquery.grid.timeMs(step))
                scratch.values.append(value)
            }
            evaluate(Self.histograms(row, of: subquery), scratch, context, &frame)
            if subquery.dropsName[row] { frame.dropsName[frame.count - 1] = true }
        }
    }

    /// What histograms say of resets is about samples that the subquery may have left out, so it is forgotten.
    private static func histograms(_ row: Int, of subquery: Frame) -> [HistogramPoint] {
        guard let column = subquery.histograms[row] else { return [] }
        var points: [HistogramPoint] = []
        for (step, histogram) in column.enumerated() {
            guard var histogram else { continue }
            if histogram.hint != .gauge { histogram.hint = .unknown }
            points.append(HistogramPoint(timeMs: subquery.grid.timeMs(step), startMs: 0, value: histogram))
        }
        return points
    }

    // Evaluation

    private func findBounds(_ times: Span<Int64>, _ scratch: Scratch) {
        scratch.bounds.find(
            in: times, grid: grid, mapping: plan.input.mapping, beforeMs: plan.input.beforeMs,
            afterMs: plan.input.afterMs)
    }

    private func append(_ frame: inout Frame, _ row: [Double]) {
        frame.dropsName.append(!plan.function.keepsName)
        frame.values.append(contentsOf: row)
    }

    private func sweep(
        _ run: borrowing FloatRun, _ scratch: Scratch, _ context: WindowContext, _ frame: inout Frame
    ) {
        plan.function.sweep(run, scratch.bounds, context, &scratch.row)
        append(&frame, scratch.row)
        if counts != nil {
            for step in 0..<grid.count { scratch.counted[step] += scratch.bounds[step].count }
        }
    }

    /// Evaluates the floats in `scratch` together with histograms.
    private func evaluate(
        _ histograms: [HistogramPoint], _ scratch: Scratch, _ context: WindowContext, _ frame: inout Frame
    ) {
        let times = scratch.times
        let values = scratch.values
        let starts = scratch.starts
        findBounds(times.span, scratch)
        guard !histograms.isEmpty else {
            sweep(FloatRun(times: times.span, values: values.span, starts: starts.span), scratch, context, &frame)
            return
        }
        let histogramTimes = histograms.map(\.timeMs)
        var bounds = WindowBounds()
        bounds.find(
            in: histogramTimes.span, grid: grid, mapping: plan.input.mapping, beforeMs: plan.input.beforeMs,
            afterMs: plan.input.afterMs)
        append(&frame, [Double](repeating: Absent.value, count: grid.count))
        for step in 0..<grid.count {
            let window = MixedWindow(
                run: FloatRun(times: times.span, values: values.span, starts: starts.span),
                floats: scratch.bounds[step], histograms: histograms[bounds[step]])
            if window.floats.isEmpty, window.histograms.isEmpty { continue }
            if counts != nil {
                scratch.counted[step] += window.histograms.reduce(window.floats.count) { $0 + $1.value.sampleCost }
            }
            let point =
                window.histograms.isEmpty
                ? plan.function.floatPoint(window, step, context) : plan.function.point(window, step, context)
            frame.set(point, row: frame.count - 1, step: step)
            let visits = window.floats.count + window.histograms.count * Self.histogramVisits
            guard context.mayGoOn(after: visits) else { return }
        }
    }

    /// Tells of series that rate and increase were asked of and that do not look like counters.
    private func noteNonCounters(_ frame: Frame, _ context: WindowContext) {
        var last = -1
        for row in 0..<frame.count {
            if last >= 0, frame.labels.isEqual(.metric, of: row, last) { continue }
            let metric = frame.labels.value(.metric, of: row)
            guard !metric.isEmpty, frame.hasFloats(row) else { continue }
            last = row
            if run.options.features.typeAndUnitLabels {
                let type = frame.labels.value(.type, of: row)
                if type != "counter", type != "histogram" {
                    context.annotate(.possibleNonCounter(metric: metric, type: type, plan.position))
                }
            } else if !["_total", "_sum", "_count", "_bucket"].contains(where: metric.hasSuffix) {
                context.annotate(.possibleNonCounter(metric: metric, plan.position))
            }
        }
    }
}

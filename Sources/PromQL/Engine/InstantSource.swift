import Model
import Storage
import Synchronization

/// The rows of an instant selector: at each instant the newest sample, unless it is too old or says that its series
/// ended.
final class InstantSource: RowSource {
    let grid: Grid
    private let plan: InstantPlan
    private let position: PositionRange
    private let selection: any SeriesSelection
    private let run: QueryRun

    init(_ plan: InstantPlan, grid: Grid, position: PositionRange, _ selection: any SeriesSelection, _ run: QueryRun) {
        self.plan = plan
        self.grid = grid
        self.position = position
        self.selection = selection
        self.run = run
    }

    var count: Int { selection.count }
    var cost: Int { selection.samplesEstimate }

    func read(_ rows: Range<Int>, into frame: inout Frame, _ scratch: Scratch) throws(QueryError) {
        frame.removeAll()
        var block = SeriesBlock()
        swap(&block, &scratch.block)
        defer { swap(&block, &scratch.block) }
        let samples = try selection.readAll(rows, labels: &frame.labels, into: &block, run)
        defer { run.release(samples: samples) }
        var shared = SeriesBlock.Floats(timestampStart: -1, valueStart: 0, count: -1)
        for series in 0..<rows.count {
            if plan.isSmoothed { try run.check() }
            frame.appendCells(dropsName: plan.aspect != .value)
            let floats = block.floats[series]
            if floats.timestampStart != shared.timestampStart || floats.count != shared.count {
                findInstants(block.times(floats), into: &scratch.instants)
                shared = floats
            }
            let histograms = block.histogramRange(series)
            if plan.isSmoothed {
                smooth(series, block, &frame, scratch)
            } else if histograms.isEmpty {
                fill(series, floats, block, &frame, scratch.instants)
            } else {
                try fillMixed(series, floats, histograms, block, &frame, scratch.instants)
            }
        }
    }

    /// For each instant the index of the newest sample within the lookback, or -1.
    private func findInstants(_ times: Span<Int64>, into instants: inout [Int32]) {
        instants.removeAll(keepingCapacity: true)
        var next = 0
        if grid.count == 1 { next = WindowBounds.firstIndex(in: times, after: plan.mapping.timeMs(0, grid)) }
        for step in 0..<grid.count {
            let instant = plan.mapping.timeMs(step, grid)
            while next < times.count, times[next] <= instant { next += 1 }
            let isRecent = next > 0 && times[next - 1] > instant - plan.lookbackMs
            instants.append(isRecent ? Int32(next - 1) : -1)
        }
    }

    private func fill(
        _ series: Int, _ floats: SeriesBlock.Floats, _ block: SeriesBlock, _ frame: inout Frame,
        _ instants: [Int32]
    ) {
        let base = series * grid.count
        let values = block.values.span
        var cells = frame.values.mutableSpan
        switch plan.aspect {
        case .value:
            for step in 0..<grid.count where instants[step] >= 0 {
                let value = values[floats.valueStart + Int(instants[step])]
                if !StaleMarker.isStale(value) { cells[base + step] = Absent.cell(value) }
            }
        case .timestamp, .startTimestamp, .infoTimestamp:
            for step in 0..<grid.count where instants[step] >= 0 {
                let index = Int(instants[step])
                guard !StaleMarker.isStale(values[floats.valueStart + index]) else { continue }
                let time =
                    plan.aspect != .startTimestamp
                    ? block.timestampsMs[floats.timestampStart + index]
                    : block.startTimestampsMs.isEmpty ? 0 : block.startTimestampsMs[floats.valueStart + index]
                cells[base + step] = Double(time) / 1000
            }
        }
    }

    private func fillMixed(
        _ series: Int, _ floats: SeriesBlock.Floats, _ histograms: Range<Int>, _ block: SeriesBlock,
        _ frame: inout Frame, _ instants: [Int32]
    ) throws(QueryError) {
        var next = histograms.lowerBound
        var converted: (index: Int, value: FloatHistogram)?
        let reduced = plan.statisticsOnly ? block.histogramPoints(series, statisticsOnly: true) : []
        var place = 0
        fill(series, floats, block, &frame, instants)
        for step in 0..<grid.count {
            let instant = plan.mapping.timeMs(step, grid)
            while next < histograms.upperBound, block.histograms[next].timestampMs <= instant { next += 1 }
            guard next > histograms.lowerBound else { continue }
            let sample = block.histograms[next - 1]
            let floatTime =
                instants[step] < 0 ? Int64.min : block.timestampsMs[floats.timestampStart + Int(instants[step])]
            guard sample.timestampMs > instant - plan.lookbackMs, sample.timestampMs > floatTime else { continue }
            if StaleMarker.isStale(sample.value.sum) {
                frame.set(nil, row: series, step: step)
                continue
            }
            switch plan.aspect {
            case .value:
                if converted?.index != next - 1 {
                    while place < reduced.count, reduced[place].timeMs < sample.timestampMs { place += 1 }
                    let isKnown = place < reduced.count && reduced[place].timeMs == sample.timestampMs
                    converted = (next - 1, isKnown ? reduced[place].value : FloatHistogram(sample.value))
                }
                frame.set(converted.map { .histogram($0.value) }, row: series, step: step)
            case .infoTimestamp:
                throw .execution(
                    "this should be an info metric, with float samples: \(frame.labels.labels(series).text)")
            case .timestamp: frame.set(.float(Double(sample.timestampMs) / 1000), row: series, step: step)
            case .startTimestamp: frame.set(.float(Double(sample.startTimestampMs) / 1000), row: series, step: step)
            }
        }
    }

    /// `smoothed`: the value on the line between the samples before and behind each instant.
    private func smooth(_ series: Int, _ block: SeriesBlock, _ frame: inout Frame, _ scratch: Scratch) {
        let samples = (
            floats: block.plainFloats(series),
            histograms: block.histogramPoints(series, statisticsOnly: plan.statisticsOnly)
        )
        let metric = frame.labels.value(.metric, of: series)
        let context = WindowContext(
            run, grid: grid, mapping: plan.mapping, rangeMs: 0, edge: .smoothed, arguments: [], position: position)
        let times = samples.floats.map(\.timeMs)
        let (floatBounds, histogramBounds) = (reach(times), reach(samples.histograms.map(\.timeMs)))
        var behind = 0
        for step in 0..<grid.count {
            let instant = plan.mapping.timeMs(step, grid)
            let floats = floatBounds[step]
            let histograms = samples.histograms[histogramBounds[step]]
            behind = max(behind, floats.lowerBound)
            while behind < floats.upperBound, times[behind] < instant { behind += 1 }
            if !floats.isEmpty, !histograms.isEmpty {
                context.annotate(.mixedFloatsHistograms(metric: metric, position))
            } else if behind < floats.upperBound {
                let next = samples.floats[behind]
                if next.timeMs == instant {
                    frame.set(.float(next.value), row: series, step: step)
                } else if behind > floats.lowerBound {
                    let value = EdgeRate.interpolate(samples.floats[behind - 1], next, at: instant, isCounter: false)
                    frame.set(.float(value), row: series, step: step)
                }
            } else if !floats.isEmpty {
                frame.set(.float(samples.floats[floats.upperBound - 1].value), row: series, step: step)
            } else {
                let point = smooth(histograms, at: instant, metric, context)
                frame.set(point.map(Point.histogram), row: series, step: step)
            }
        }
        scratch.annotations.add(context.annotations)
    }

    /// The samples within the lookback on both sides of each instant.
    private func reach(_ times: [Int64]) -> WindowBounds {
        var bounds = WindowBounds()
        bounds.find(
            in: times.span, grid: grid, mapping: plan.mapping, beforeMs: plan.lookbackMs, afterMs: plan.lookbackMs)
        return bounds
    }

    private func smooth(
        _ points: ArraySlice<HistogramPoint>, at instant: Int64, _ metric: String, _ context: WindowContext
    ) -> FloatHistogram? {
        guard let behind = points.firstIndex(where: { $0.timeMs >= instant }) else {
            guard var last = points.last?.value else { return nil }
            last.hint = .unknown
            return last
        }
        if points[behind].timeMs == instant { return points[behind].value }
        guard behind > points.startIndex else { return nil }
        let before = points[behind - 1]
        let after = points[behind]
        if before.value.usesCustomBounds != after.value.usesCustomBounds {
            context.annotate(.mixedExponentialCustom(metric: metric, position))
            return nil
        }
        let isCounter = before.value.hint != .gauge || after.value.hint != .gauge
        do throws(IncompatibleHistograms) {
            return try EdgeRate.interpolate(before, after, at: instant, isCounter, context)
        } catch {
            context.annotate(.mixedExponentialCustom(metric: metric, position))
            return nil
        }
    }
}

extension SeriesSelection {
    /// Labels and samples of some series, counted against the query's budget; returns how many samples there are.
    func readAll(
        _ series: Range<Int>, labels: inout LabelBlock, into block: inout SeriesBlock, _ run: QueryRun
    ) throws(QueryError) -> Int {
        do throws(StorageError) {
            try self.labels(series, into: &labels)
            try read(series, into: &block)
        } catch {
            throw QueryError(error)
        }
        let samples = block.values.count + block.histograms.count * 8
        run.progress.noteRead(samples)
        try run.hold(samples: samples)
        return samples
    }
}

extension SeriesBlock {
    @_lifetime(borrow self)
    func times(_ floats: Floats) -> Span<Int64> {
        timestampsMs.span.extracting(floats.timestampStart..<floats.timestampStart + floats.count)
    }

    /// When counting began, beside the values; nothing where it is not known or not asked for.
    @_lifetime(borrow self)
    func starts(_ floats: Floats, areKnown: Bool) -> Span<Int64> {
        startTimestampsMs.span.extracting(
            areKnown ? floats.valueStart..<floats.valueStart + floats.count : 0..<0)
    }

    func histogramRange(_ series: Int) -> Range<Int> { histogramOffsets[series]..<histogramOffsets[series + 1] }

    /// The floats of one series without stale markers.
    func plainFloats(_ series: Int) -> [(timeMs: Int64, value: Double)] {
        let range = floats[series]
        var plain: [(timeMs: Int64, value: Double)] = []
        for index in 0..<range.count where !StaleMarker.isStale(values[range.valueStart + index]) {
            plain.append((timestampsMs[range.timestampStart + index], values[range.valueStart + index]))
        }
        return plain
    }

    /// The histograms of one series without stale markers.
    func histogramPoints(_ series: Int, statisticsOnly: Bool) -> [HistogramPoint] {
        let points = histograms[histogramRange(series)].lazy.filter { !StaleMarker.isStale($0.value.sum) }.map {
            HistogramPoint(
                timeMs: $0.timestampMs, startMs: $0.startTimestampMs, value: FloatHistogram($0.value))
        }
        return statisticsOnly ? FloatHistogram.statistics(Array(points)) : Array(points)
    }
}

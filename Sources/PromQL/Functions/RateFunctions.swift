import Model

/// Functions of how values change within a range.
enum RateFunctions {
    static let all: [FunctionDefinition] = [
        define("rate", Rate.self, usesStartTimestamps: true, edges: [.anchored, .smoothed], wantsCounter: true),
        define(
            "increase", Increase.self, usesStartTimestamps: true, edges: [.anchored, .smoothed], wantsCounter: true),
        define("delta", Delta.self, edges: [.anchored, .smoothed]),
        define("irate", InstantRate.self, usesStartTimestamps: true),
        define("idelta", InstantDelta.self),
        define("resets", Resets.self, usesStartTimestamps: true, edges: [.anchored]),
        define("changes", Changes.self, edges: [.anchored]),
    ]

    private static func define<Function: WindowFunction>(
        _ name: String, _ function: Function.Type, usesStartTimestamps: Bool = false, edges: Set<RangeEdge> = [],
        wantsCounter: Bool = false
    ) -> FunctionDefinition {
        FunctionDefinition(
            name, [.matrix],
            .overTime(
                OverTimeFunction(
                    function, usesStartTimestamps: usesStartTimestamps, edges: edges, wantsCounter: wantsCounter)))
    }

    enum Rate: ExtrapolatedFunction {
        static let isCounter = true
        static let isPerSecond = true
    }

    enum Increase: ExtrapolatedFunction {
        static let isCounter = true
        static let isPerSecond = false
    }

    enum Delta: ExtrapolatedFunction {
        static let isCounter = false
        static let isPerSecond = false
    }
}

/// What start timestamps say about two samples of a counter that follow each other.
enum StartTimestamps {
    /// A start that lies behind the sample before means that counting began anew. One that falls on it does too where
    /// that sample's own start is known, as with deltas. Zero and starts that are not before their sample say nothing.
    static func isReset(previousStart: Int64, previousTime: Int64, start: Int64, time: Int64) -> Bool {
        if start == 0 || start >= time || start < previousTime { return false }
        if start > previousTime { return true }
        return previousStart < previousTime && previousStart != 0
    }

    /// A start within the time of the sample before, and not its start, is a mistake of the sender.
    static func isOverlap(previousStart: Int64, previousTime: Int64, start: Int64) -> Bool {
        start != 0 && start < previousTime && start != previousStart
    }
}

/// `rate`, `increase` and `delta`: the change between a window's ends, extrapolated to its edges.
protocol ExtrapolatedFunction: WindowFunction {
    static var isCounter: Bool { get }
    static var isPerSecond: Bool { get }
}

extension ExtrapolatedFunction {
    static func sweep(
        _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double]
    ) {
        guard context.edge == .plain, run.starts.isEmpty else {
            visitEach(run, bounds, context, &row)
            return
        }
        // Resets are rare: their places are found once for all windows.
        var resets: [Int] = []
        if isCounter {
            var index = 1
            let values = run.values
            while index < values.count {
                if values[index] < values[index - 1] { resets.append(index) }
                index += 1
            }
        }
        context.extrapolations.prepare(run.times, bounds, context, isPerSecond: isPerSecond)
        fill(&row, run.values, bounds, resets, context.extrapolations, context)
    }

    /// The loop over the instants of one series: what depends on times alone was prepared, for all series that share
    /// them.
    private static func fill(
        _ row: inout [Double], _ values: Span<Double>, _ bounds: WindowBounds, _ resets: [Int],
        _ extrapolations: Extrapolations, _ context: WindowContext
    ) {
        var firstReset = 0
        var cells = row.mutableSpan
        let lower = bounds.lower.span
        let upper = bounds.upper.span
        let reaches = extrapolations.reaches.span
        for step in cells.indices {
            let first = Int(lower[step])
            let last = Int(upper[step]) - 1
            guard last > first else {
                cells[step] = Absent.value
                continue
            }
            var change = values[last] - values[first]
            while firstReset < resets.count, resets[firstReset] <= first { firstReset += 1 }
            var next = firstReset
            while next < resets.count, resets[next] <= last {
                change += values[resets[next] - 1]
                next += 1
            }
            if next > firstReset, !context.mayGoOn(after: next - firstReset) { return }
            let reach = reaches[step]
            let start = values[first]
            // A counter is not extrapolated below zero.
            if isCounter, change > 0, start >= 0, reach.sampled * start < reach.toStart * change {
                cells[step] = change * reach.factor(toStart: reach.sampled * (start / change))
            } else {
                cells[step] = change * reach.factor
            }
        }
    }

    static func value(
        _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
    ) -> Double {
        if context.edge != .plain { return EdgeRate.value(run, window, step, context, isCounter, isPerSecond) }
        var change = run.values[window.upperBound - 1] - run.values[window.lowerBound]
        if isCounter { change += resetTotal(run, window, context) }
        return extrapolate(change, run, window, step, context)
    }

    /// What the counter had counted before each of its resets within the window.
    private static func resetTotal(
        _ run: borrowing FloatRun, _ window: Range<Int>, _ context: WindowContext
    ) -> Double {
        var total = 0.0
        var overlaps = false
        let knowsStarts = !run.starts.isEmpty
        for index in window.dropFirst() {
            let previous = run.values[index - 1]
            var isReset = run.values[index] < previous
            if knowsStarts {
                let start = run.starts[index]
                let previousStart = run.starts[index - 1]
                let previousTime = run.times[index - 1]
                if !overlaps,
                    StartTimestamps.isOverlap(
                        previousStart: previousStart, previousTime: previousTime, start: start)
                {
                    overlaps = true
                    context.annotate(.startTimeOverlap(metric: context.metric, context.position))
                }
                isReset =
                    isReset
                    || StartTimestamps.isReset(
                        previousStart: previousStart, previousTime: previousTime, start: start,
                        time: run.times[index])
            }
            if isReset { total += previous }
        }
        return total
    }

    @inline(__always)
    private static func extrapolate(
        _ change: Double, _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
    ) -> Double {
        var span = Extrapolation(
            firstMs: run.times[window.lowerBound], lastMs: run.times[window.upperBound - 1], count: window.count,
            endMs: context.rangeEndMs(step), rangeMs: context.rangeMs)
        let first = run.values[window.lowerBound]
        if isCounter, !run.starts.isEmpty, span.begin(atStart: run.starts[window.lowerBound]) {
            return (change + first) * span.factor(isPerSecond: isPerSecond)
        }
        guard window.count > 1 else { return Absent.value }
        span.limitStart()
        if isCounter, change > 0, first >= 0 { span.limitStart(toZeroAt: first / change) }
        return change * span.factor(isPerSecond: isPerSecond)
    }

    static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
        guard window.floats.isEmpty else {
            context.annotate(.mixedFloatsHistograms(metric: context.metric, context.position))
            return nil
        }
        let histograms = window.histograms
        if context.edge != .plain {
            return EdgeRate.histogram(histograms, step, context, isCounter, isPerSecond).map(Point.histogram)
        }
        return HistogramRate.value(histograms, step, context, isCounter, isPerSecond).map(Point.histogram)
    }
}

/// How far the change between a window's first and last sample is taken to reach beyond them.
struct Extrapolation {
    private let rangeMs: Int64
    private let startMs: Int64
    private let firstMs: Int64
    private let lastMs: Int64
    private let averageInterval: Double
    private var sampled: Double
    private var toStart: Double
    private var toEnd: Double

    @inline(__always)
    init(firstMs: Int64, lastMs: Int64, count: Int, endMs: Int64, rangeMs: Int64) {
        self.rangeMs = rangeMs
        self.firstMs = firstMs
        self.lastMs = lastMs
        startMs = endMs - rangeMs
        toStart = Double(firstMs - startMs) / 1000
        toEnd = Double(endMs - lastMs) / 1000
        sampled = Double(lastMs - firstMs) / 1000
        averageInterval = count > 1 ? sampled / Double(count - 1) : 0
    }

    /// Two samples are about one interval apart: what is farther away than this has no sample to expect.
    private var threshold: Double { averageInterval * 1.1 }

    /// Takes the start of counting for a sample of zero, where it lies within the window before the first sample.
    @inline(__always)
    mutating func begin(atStart start: Int64) -> Bool {
        guard start != 0, start > startMs, start < firstMs else { return false }
        toStart = 0
        sampled = Double(lastMs - start) / 1000
        return true
    }

    @inline(__always)
    mutating func limitStart() {
        if toStart >= threshold { toStart = averageInterval / 2 }
    }

    /// A counter is not extrapolated below zero. `share`: its first value over its change.
    @inline(__always)
    mutating func limitStart(toZeroAt share: Double) {
        let toZero = sampled * share
        if toZero < toStart { toStart = toZero }
    }

    func reach(isPerSecond: Bool) -> Extrapolations.Reach {
        Extrapolations.Reach(
            sampled: sampled, toStart: toStart, toEnd: toEnd >= threshold ? averageInterval / 2 : toEnd,
            divisor: isPerSecond ? Double(rangeMs) / 1000 : 1, factor: factor(isPerSecond: isPerSecond))
    }

    @inline(__always)
    func factor(isPerSecond: Bool) -> Double {
        let end = toEnd >= threshold ? averageInterval / 2 : toEnd
        var factor = sampled == 0 ? 1 : (sampled + toStart + end) / sampled
        if isPerSecond { factor /= Double(rangeMs) / 1000 }
        return factor
    }
}

/// `irate` and `idelta`: the change between the last two samples.
protocol LastTwoFunction: WindowFunction {
    static var isCounter: Bool { get }
}

extension RateFunctions {
    enum InstantRate: LastTwoFunction {
        static let isCounter = true
    }

    enum InstantDelta: LastTwoFunction {
        static let isCounter = false
    }
}

extension LastTwoFunction {
    static func value(
        _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
    ) -> Double {
        guard window.count > 1 else { return Absent.value }
        let last = window.upperBound - 1
        let interval = run.times[last] - run.times[last - 1]
        var change = run.values[last]
        let isReset =
            isCounter
            && (run.values[last] < run.values[last - 1]
                || !run.starts.isEmpty
                    && StartTimestamps.isReset(
                        previousStart: run.starts[last - 1], previousTime: run.times[last - 1],
                        start: run.starts[last], time: run.times[last]))
        if !isReset { change -= run.values[last - 1] }
        return isCounter ? change / (Double(interval) / 1000) : change
    }

    static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
        let samples = MixedSample.all(of: window).suffix(2)
        guard samples.count == 2, let first = samples.first, let last = samples.last else { return nil }
        switch (first.histogram, last.histogram) {
        case (nil, nil): return floatPoint(window, step, context)
        case (let before?, let after?):
            return histogram(before, after, first, last, context).map(Point.histogram)
        default:
            context.annotate(.mixedFloatsHistograms(metric: context.metric, context.position))
            return nil
        }
    }

    private static func histogram(
        _ before: FloatHistogram, _ after: FloatHistogram, _ first: MixedSample, _ last: MixedSample,
        _ context: WindowContext
    ) -> FloatHistogram? {
        let metric = context.metric
        let areGauges = before.hint == .gauge && after.hint == .gauge
        if isCounter, before.hint == .gauge || after.hint == .gauge {
            context.annotate(.notCounter(metric: metric, context.position))
        } else if !isCounter, !areGauges {
            context.annotate(.notGauge(metric: metric, context.position))
        }
        var change = after
        let isReset =
            isCounter
            && (StartTimestamps.isReset(
                previousStart: first.startMs, previousTime: first.timeMs, start: last.startMs, time: last.timeMs)
                || after.isReset(since: before))
        if !isReset {
            do throws(IncompatibleHistograms) {
                context.noteReconciliation(try change.subtract(before), during: "subtraction")
            } catch {
                context.annotate(.mixedExponentialCustom(metric: metric, context.position))
                return nil
            }
        }
        change.hint = .gauge
        change.removeEmptyBuckets()
        if isCounter { change.divide(by: Double(last.timeMs - first.timeMs) / 1000) }
        return change
    }
}

/// A sample of either kind in the order of time.
struct MixedSample {
    var timeMs: Int64
    var startMs: Int64
    var float: Double
    var histogram: FloatHistogram?

    static func all(of window: borrowing MixedWindow) -> [MixedSample] {
        var samples: [MixedSample] = []
        var histograms = window.histograms
        for index in window.floats {
            let time = window.run.times[index]
            while let next = histograms.first, next.timeMs < time { samples.append(Self(histograms.removeFirst())) }
            samples.append(
                MixedSample(
                    timeMs: time, startMs: window.run.starts.isEmpty ? 0 : window.run.starts[index],
                    float: window.run.values[index]))
        }
        samples.append(contentsOf: histograms.map { Self($0) })
        return samples
    }

    private init(_ point: HistogramPoint) {
        self.init(timeMs: point.timeMs, startMs: point.startMs, float: 0, histogram: point.value)
    }

    private init(timeMs: Int64, startMs: Int64, float: Double, histogram: FloatHistogram? = nil) {
        self.timeMs = timeMs
        self.startMs = startMs
        self.float = float
        self.histogram = histogram
    }
}

/// `resets` and `changes`: how often something happens between two samples that follow each other.
protocol TransitionCount: WindowFunction {
    static func happens(
        _ run: borrowing FloatRun, at index: Int
    ) -> Bool
    static func happens(from previous: MixedSample, to sample: MixedSample) -> Bool
}

extension RateFunctions {
    enum Resets: TransitionCount {
        @inline(__always)
        static func happens(_ run: borrowing FloatRun, at index: Int) -> Bool {
            if run.values[index] < run.values[index - 1] { return true }
            return !run.starts.isEmpty
                && StartTimestamps.isReset(
                    previousStart: run.starts[index - 1], previousTime: run.times[index - 1],
                    start: run.starts[index], time: run.times[index])
        }

        static func happens(from previous: MixedSample, to sample: MixedSample) -> Bool {
            let startsAnew = StartTimestamps.isReset(
                previousStart: previous.startMs, previousTime: previous.timeMs, start: sample.startMs,
                time: sample.timeMs)
            switch (previous.histogram, sample.histogram) {
            case (nil, nil): return sample.float < previous.float || startsAnew
            case (let before?, let after?): return startsAnew || after.isReset(since: before)
            default: return true
            }
        }
    }

    enum Changes: TransitionCount {
        @inline(__always)
        static func happens(_ run: borrowing FloatRun, at index: Int) -> Bool {
            let previous = run.values[index - 1]
            let value = run.values[index]
            return value != previous && !(value.isNaN && previous.isNaN)
        }

        static func happens(from previous: MixedSample, to sample: MixedSample) -> Bool {
            switch (previous.histogram, sample.histogram) {
            case (nil, nil):
                return sample.float != previous.float && !(sample.float.isNaN && previous.float.isNaN)
            case (let before?, let after?): return !after.isIdentical(to: before)
            default: return true
            }
        }
    }
}

extension TransitionCount {
    static func sweep(
        _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double]
    ) {
        // counts[i]: how often it happened up to sample i.
        var counts = [Int32](repeating: 0, count: run.values.count)
        var index = 1
        while index < counts.count {
            counts[index] = counts[index - 1] + (happens(run, at: index) ? 1 : 0)
            index += 1
        }
        for step in row.indices {
            guard let window = anchored(run, bounds[step], step, context) else {
                row[step] = Absent.value
                continue
            }
            row[step] = Double(counts[window.upperBound - 1] - counts[window.lowerBound])
            guard context.mayGoOn(after: bounds[step].count - window.count) else { return }
        }
    }

    /// With `anchored` the last sample at or before the range's start begins the window; nil where there is nothing.
    private static func anchored(
        _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
    ) -> Range<Int>? {
        guard !window.isEmpty else { return nil }
        guard context.edge == .anchored else { return window }
        let start = context.rangeEndMs(step) - context.rangeMs
        let inside = window.first { run.times[$0] > start } ?? window.upperBound
        if inside == window.upperBound { return nil }
        return max(window.lowerBound, inside - 1)..<window.upperBound
    }

    static func value(
        _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
    ) -> Double {
        guard let window = anchored(run, window, step, context) else { return Absent.value }
        var count = 0.0
        for index in window.dropFirst() where happens(run, at: index) { count += 1 }
        return count
    }

    static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
        var samples = MixedSample.all(of: window)[...]
        if context.edge == .anchored {
            let start = context.rangeEndMs(step) - context.rangeMs
            guard let inside = samples.firstIndex(where: { $0.timeMs > start }) else { return nil }
            samples = samples[max(samples.startIndex, inside - 1)...]
        }
        guard !samples.isEmpty else { return nil }
        var count = 0.0
        for (previous, sample) in zip(samples, samples.dropFirst()) where happens(from: previous, to: sample) {
            count += 1
        }
        return .float(count)
    }
}

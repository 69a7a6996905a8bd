import Storage

/// The floats of one series, without stale markers.
struct FloatRun: ~Escapable {
    let times: Span<Int64>
    let values: Span<Double>
    /// When counting began, beside the values; empty where nobody knows or nobody asks.
    let starts: Span<Int64>

    @_lifetime(copy times, copy values, copy starts)
    init(times: Span<Int64>, values: Span<Double>, starts: Span<Int64>) {
        self.times = times
        self.values = values
        self.starts = starts
    }
}

/// Which samples of a run each instant looks at.
struct WindowBounds: Sendable {
    private(set) var lower: [Int32] = []
    private(set) var upper: [Int32] = []

    @inline(__always)
    subscript(step: Int) -> Range<Int> { Int(lower[step])..<Int(upper[step]) }

    /// The total of all windows' lengths.
    private(set) var overlapTotal = 0

    /// Which call of `find` made them: what is derived from bounds may be kept until it changes.
    private(set) var version = 0

    /// Windows behind `end - before` (excluded) up to `end + after` (included).
    mutating func find(
        in times: Span<Int64>, grid: Grid, mapping: TimeMapping, beforeMs: Int64, afterMs: Int64
    ) {
        lower.removeAll(keepingCapacity: true)
        upper.removeAll(keepingCapacity: true)
        overlapTotal = 0
        version += 1
        var low = 0
        var high = 0
        if grid.count == 1, times.count > 32 {
            let end = mapping.timeMs(0, grid)
            low = Self.firstIndex(in: times, after: end - beforeMs)
            high = max(low, Self.firstIndex(in: times, after: end + afterMs))
        }
        for step in 0..<grid.count {
            let end = mapping.timeMs(step, grid)
            while low < times.count, times[low] <= end - beforeMs { low += 1 }
            high = max(high, low)
            while high < times.count, times[high] <= end + afterMs { high += 1 }
            lower.append(Int32(low))
            upper.append(Int32(high))
            overlapTotal += high - low
        }
    }

    /// Where the samples later than an instant begin.
    static func firstIndex(in times: Span<Int64>, after instantMs: Int64) -> Int {
        var low = 0
        var high = times.count
        while low < high {
            let middle = (low + high) / 2
            if times[middle] > instantMs { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// What a window function needs to know beside the samples. One for each thread that works on a call.
final class WindowContext {
    let grid: Grid
    let mapping: TimeMapping
    let rangeMs: Int64
    let edge: RangeEdge
    /// Scalar arguments of the call, a column each.
    let arguments: [[Double]]
    /// The range's place in the query.
    let position: PositionRange
    var annotations = Annotations()
    /// Why the query cannot go on, where it cannot.
    var failure: QueryError?
    /// How far rates reach beyond the samples of the windows at hand.
    var extrapolations = Extrapolations()
    /// The series at hand: a set of a block of labels.
    var seriesLabels = (block: LabelBlock(), set: 0)
    private let run: QueryRun
    private var visited = 0

    /// One series may have so many windows of so many samples that it alone takes longer than a query may.
    private static let visitsBetweenChecks = 1 << 16

    init(
        _ run: QueryRun, grid: Grid, mapping: TimeMapping, rangeMs: Int64, edge: RangeEdge, arguments: [[Double]],
        position: PositionRange
    ) {
        self.run = run
        self.grid = grid
        self.mapping = mapping
        self.rangeMs = rangeMs
        self.edge = edge
        self.arguments = arguments
        self.position = position
    }

    /// Counts visits of samples, and looks now and then whether the query may go on. Where it may not, `failure` says why.
    @inline(__always)
    func mayGoOn(after visits: Int) -> Bool {
        visited &+= visits
        return visited < Self.visitsBetweenChecks || check()
    }

    @inline(never)
    private func check() -> Bool {
        visited = 0
        do throws(QueryError) { try run.check() } catch { failure = failure ?? error }
        return failure == nil
    }

    @inline(__always)
    func rangeEndMs(_ step: Int) -> Int64 { mapping.timeMs(step, grid) }

    var metric: String { seriesLabels.block.value(.metric, of: seriesLabels.set) }

    func annotate(_ annotation: Annotation) { annotations.add(annotation) }

    func noteReconciliation(_ outcome: Reconciliation, during operation: String) {
        if outcome.boundsDiffered { annotate(.boundsReconciled(during: operation, position)) }
    }
}

/// A histogram of a series and its times.
struct HistogramPoint: Sendable {
    var timeMs: Int64
    var startMs: Int64
    var value: FloatHistogram
}

/// A window that holds histograms, with or without floats.
struct MixedWindow: ~Escapable {
    let run: FloatRun
    let floats: Range<Int>
    let histograms: ArraySlice<HistogramPoint>

    @_lifetime(copy run)
    init(run: consuming FloatRun, floats: Range<Int>, histograms: ArraySlice<HistogramPoint>) {
        self.run = run
        self.floats = floats
        self.histograms = histograms
    }
}

/// A function over the samples of a range. Its type is known where its loop is compiled, so calls within cost nothing.
protocol WindowFunction: SendableMetatype {
    /// The value of a window of at least one float and no histogram, or `Absent.value`.
    static func value(_ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext) -> Double

    /// The values of all windows of a series without histograms. Empty windows are absent.
    static func sweep(
        _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double])

    /// The value of a window with histograms.
    static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point?
}

extension WindowFunction {
    static func sweep(
        _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double]
    ) {
        visitEach(run, bounds, context, &row)
    }

    /// Evaluates each window anew.
    @inline(__always)
    static func visitEach(
        _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double]
    ) {
        for step in row.indices {
            let window = bounds[step]
            row[step] = window.isEmpty ? Absent.value : value(run, window, step, context)
            guard context.mayGoOn(after: window.count) else { return }
        }
    }

    /// Looks only at the floats, and says so where there are histograms beside them.
    static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
        guard !window.floats.isEmpty else { return nil }
        context.annotate(.histogramIgnored(metric: context.metric, context.position))
        return floatPoint(window, step, context)
    }

    static func floatPoint(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
        let value = value(window.run, window.floats, step, context)
        return Absent.isAbsent(value) ? nil : .float(value)
    }
}

/// A window function as the table of functions holds it.
struct OverTimeFunction: Sendable {
    /// A function that only chooses a sample keeps the metric's name.
    let keepsName: Bool
    let usesStartTimestamps: Bool
    /// `anchored` and `smoothed`, where the function knows what to do with samples beyond the range.
    let edges: Set<RangeEdge>
    /// Whether a series that does not look like a counter is worth a note.
    let wantsCounter: Bool
    let sweep: @Sendable (borrowing FloatRun, WindowBounds, WindowContext, inout [Double]) -> Void
    let point: @Sendable (borrowing MixedWindow, Int, WindowContext) -> Point?
    /// The value of a window that holds only floats, of a series that has histograms elsewhere.
    let floatPoint: @Sendable (borrowing MixedWindow, Int, WindowContext) -> Point?

    init<Function: WindowFunction>(
        _ function: Function.Type, keepsName: Bool = false, usesStartTimestamps: Bool = false,
        edges: Set<RangeEdge> = [], wantsCounter: Bool = false
    ) {
        self.keepsName = keepsName
        self.usesStartTimestamps = usesStartTimestamps
        self.edges = edges
        self.wantsCounter = wantsCounter
        sweep = { Function.sweep($0, $1, $2, &$3) }
        point = { Function.point($0, $1, $2) }
        floatPoint = { Function.floatPoint($0, $1, $2) }
    }
}

import Model

/// Sums over a window that slides, in additions only: subtracting what left would keep the rounding errors of all that
/// ever was in the window.
///
/// The window is cut in two: `front` holds, for each place of the older part, the sum from there to the cut; `back` the
/// sum of the younger part. Each sample is added twice in all.
private struct SlidingSum {
    private var front: [KahanSum] = []
    private var frontEnd = 0
    private var back = KahanSum()
    private var backEnd = 0

    mutating func move(to window: Range<Int>, in values: Span<Double>) -> KahanSum {
        if window.lowerBound >= frontEnd {
            cut(window, in: values)
            frontEnd = window.upperBound
            backEnd = window.upperBound
            back = KahanSum()
        }
        var back = back
        for index in backEnd..<max(backEnd, window.upperBound) { back.add(values[index]) }
        backEnd = max(backEnd, window.upperBound)
        self.back = back
        var total = front[frontEnd - 1 - window.lowerBound]
        total.add(back)
        return total
    }

    /// Makes all of a window its older part.
    private mutating func cut(_ window: Range<Int>, in values: Span<Double>) {
        if front.count < window.count {
            front.append(contentsOf: repeatElement(KahanSum(), count: window.count - front.count))
        }
        var sums = front.mutableSpan
        var sum = KahanSum()
        for place in 0..<window.count {
            sum.add(values[window.upperBound - 1 - place])
            sums[place] = sum
        }
    }
}

extension OverTimeFunctions {
    enum Sum: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double {
            var sum = KahanSum()
            for index in window { sum.add(run.values[index]) }
            return sum.value
        }

        static func sweep(
            _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double]
        ) {
            slide(run, bounds, context, &row) { run, window, sum, step in
                // Parts may overflow where the whole does not.
                sum.sum.isFinite ? sum.value : value(run, window, step, context)
            }
        }

        static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
            histogram(window, context) { (histograms, notes) throws(IncompatibleHistograms) in
                var sum = KahanHistogram(histograms[histograms.startIndex].value)
                for point in histograms.dropFirst() { notes.add(try sum.add(point.value)) }
                return sum.total
            }
        }
    }

    enum Average: WindowFunction {
        static func value(
            _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext
        ) -> Double {
            var mean = FloatMean(run.values[window.lowerBound])
            for index in window.dropFirst() { mean.add(run.values[index]) }
            return mean.mean
        }

        static func sweep(
            _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double]
        ) {
            slide(run, bounds, context, &row) { run, window, sum, step in
                guard sum.sum.isFinite else { return value(run, window, step, context) }
                let count = Double(window.count)
                return sum.sum / count + sum.correction / count
            }
        }

        static func point(_ window: borrowing MixedWindow, _ step: Int, _ context: WindowContext) -> Point? {
            histogram(window, context) { (histograms, notes) throws(IncompatibleHistograms) in
                var mean = HistogramMean(histograms[histograms.startIndex].value)
                for point in histograms.dropFirst() { notes.add(try mean.add(point.value)) }
                return mean.mean
            }
        }
    }

    /// Calls `result` with the sum of each window that is not empty.
    @inline(__always)
    private static func slide(
        _ run: borrowing FloatRun, _ bounds: WindowBounds, _ context: WindowContext, _ row: inout [Double],
        _ result: (borrowing FloatRun, Range<Int>, KahanSum, Int) -> Double
    ) {
        let slides = slides(run, bounds)
        var sliding = SlidingSum()
        for step in row.indices {
            let window = bounds[step]
            if window.isEmpty {
                row[step] = Absent.value
            } else if slides {
                let sum = sliding.move(to: window, in: run.values)
                row[step] = result(run, window, sum, step)
                guard sum.sum.isFinite || context.mayGoOn(after: window.count) else { return }
            } else {
                var sum = KahanSum()
                for index in window { sum.add(run.values[index]) }
                row[step] = result(run, window, sum, step)
            }
        }
    }

    /// What came up while histograms of one window were added up; told once for a window.
    struct HistogramNotes {
        private var differed = false

        mutating func add(_ outcome: Reconciliation) { differed = differed || outcome.boundsDiffered }

        func tell(_ context: WindowContext, hintsOf histograms: ArraySlice<HistogramPoint>) {
            let sawReset = histograms.contains { $0.value.hint == .reset }
            if sawReset, histograms.contains(where: { $0.value.hint == .notReset }) {
                context.annotate(.resetCollision(during: "aggregation", context.position))
            }
            if differed { context.annotate(.boundsReconciled(during: "aggregation", context.position)) }
        }
    }

    private static func histogram(
        _ window: borrowing MixedWindow, _ context: WindowContext,
        _ combine: (ArraySlice<HistogramPoint>, inout HistogramNotes) throws(IncompatibleHistograms) -> FloatHistogram
    ) -> Point? {
        guard window.floats.isEmpty else {
            context.annotate(.mixedFloatsHistograms(metric: context.metric, context.position))
            return nil
        }
        var notes = HistogramNotes()
        do throws(IncompatibleHistograms) {
            let combined = try combine(window.histograms, &notes)
            notes.tell(context, hintsOf: window.histograms)
            return .histogram(combined)
        } catch {
            context.annotate(.mixedExponentialCustom(metric: context.metric, context.position))
            return nil
        }
    }
}

/// The mean of floats: by their sum for as long as that is finite, then mean by mean.
struct FloatMean: Sendable {
    private(set) var count = 1.0
    private var sum: KahanSum
    private var isIncremental = false

    init(_ first: Double) { sum = KahanSum(first) }

    mutating func add(_ value: Double) {
        count += 1
        if !isIncremental {
            var longer = sum
            longer.add(value)
            if !longer.sum.isInfinite {
                sum = longer
                return
            }
            isIncremental = true
            sum = KahanSum(sum.sum / (count - 1), correction: sum.correction / (count - 1))
        }
        let share = (count - 1) / count
        sum = KahanSum(share * sum.sum, correction: share * sum.correction)
        sum.add(value / count)
    }

    var mean: Double {
        isIncremental ? sum.sum + sum.correction : sum.sum / count + sum.correction / count
    }
}

import Model

/// `rate`, `increase` and `delta` with `anchored` or `smoothed`: the change between the range's exact edges, from the
/// last sample before an edge (anchored) or interpolated at it (smoothed), without extrapolation.
enum EdgeRate {
    /// The samples that matter: one at or before the start where there is one, and with `smoothed` one at or behind
    /// the end. Nil where nothing lies within the range.
    private static func indices(
        _ window: Range<Int>, _ time: (Int) -> Int64, startMs: Int64, endMs: Int64, _ edge: RangeEdge
    ) -> ClosedRange<Int>? {
        var last = window.upperBound - 1
        let inside = window.first { time($0) > startMs } ?? last
        let first = max(window.lowerBound, min(inside, last) - 1)
        if edge == .smoothed { last = window.first { time($0) >= endMs } ?? last }
        if time(last) <= startMs { return nil }
        if edge == .smoothed, time(first) > endMs { return nil }
        return min(first, last)...last
    }

    /// The value between two samples of a series. A counter that was reset between them counted from zero.
    static func interpolate(
        _ before: (timeMs: Int64, value: Double), _ after: (timeMs: Int64, value: Double), at timeMs: Int64,
        isCounter: Bool
    ) -> Double {
        let from = isCounter && after.value < before.value ? 0 : before.value
        return from + (after.value - from) * Double(timeMs - before.timeMs) / Double(after.timeMs - before.timeMs)
    }

    static func value(
        _ run: borrowing FloatRun, _ window: Range<Int>, _ step: Int, _ context: WindowContext, _ isCounter: Bool,
        _ isPerSecond: Bool
    ) -> Double {
        let times = run.times
        let values = run.values
        let endMs = context.rangeEndMs(step)
        let startMs = endMs - context.rangeMs
        guard let wanted = indices(window, { times[$0] }, startMs: startMs, endMs: endMs, context.edge) else {
            return Absent.value
        }
        var first = wanted.lowerBound
        var last = wanted.upperBound
        var left = values[first]
        var right = values[last]
        if context.edge == .smoothed {
            if times[first] < startMs, first + 1 < window.upperBound {
                left = interpolate(
                    (times[first], values[first]), (times[first + 1], values[first + 1]), at: startMs,
                    isCounter: isCounter)
            }
            if last > window.lowerBound, times[last] > endMs {
                right = interpolate(
                    (times[last - 1], values[last - 1]), (times[last], values[last]), at: endMs,
                    isCounter: isCounter)
            }
        }
        var change = right - left
        if isCounter {
            if times[first] <= startMs { first += 1 }
            if times[last] >= endMs { last -= 1 }
            var previous = left
            var index = first
            while index <= last {
                if values[index] < previous { change += previous }
                previous = values[index]
                index += 1
            }
            if right < previous { change += previous }
        }
        return isPerSecond ? change / (Double(context.rangeMs) / 1000) : change
    }

    static func histogram(
        _ slice: ArraySlice<HistogramPoint>, _ step: Int, _ context: WindowContext, _ isCounter: Bool,
        _ isPerSecond: Bool
    ) -> FloatHistogram? {
        let points = Array(slice)
        let endMs = context.rangeEndMs(step)
        let startMs = endMs - context.rangeMs
        guard
            let wanted = indices(
                points.indices, { points[$0].timeMs }, startMs: startMs, endMs: endMs, context.edge)
        else { return nil }
        let metric = context.metric
        if isCounter, points[wanted].contains(where: { $0.value.hint == .gauge }) {
            context.annotate(.notCounter(metric: metric, context.position))
        }
        do throws(IncompatibleHistograms) {
            let usesCustomBounds = points[wanted.lowerBound].value.usesCustomBounds
            if points[wanted].contains(where: { $0.value.usesCustomBounds != usesCustomBounds }) {
                throw IncompatibleHistograms()
            }
            var change = try Self.change(points, wanted, startMs, endMs, context, isCounter)
            if isPerSecond { change.divide(by: Double(context.rangeMs) / 1000) }
            change.hint = .gauge
            return change.compacted()
        } catch {
            context.annotate(.mixedExponentialCustom(metric: metric, context.position))
            return nil
        }
    }

    private static func change(
        _ points: [HistogramPoint], _ wanted: ClosedRange<Int>, _ startMs: Int64, _ endMs: Int64,
        _ context: WindowContext, _ isCounter: Bool
    ) throws(IncompatibleHistograms) -> FloatHistogram {
        let first = wanted.lowerBound
        let last = wanted.upperBound
        let isSmoothed = context.edge == .smoothed
        var left = points[first].value
        var right = points[last].value
        let leftIsBetween = isSmoothed && points[first].timeMs < startMs && first + 1 < points.count
        if leftIsBetween {
            left = try interpolate(points[first], points[first + 1], at: startMs, isCounter, context)
        }
        if isSmoothed, last > 0, points[last].timeMs > endMs {
            right = try interpolate(points[last - 1], points[last], at: endMs, isCounter, context)
        }
        if !isCounter, left.hint != .gauge || right.hint != .gauge {
            context.annotate(.notGauge(metric: context.metric, context.position))
        }
        var change = right
        context.noteReconciliation(try change.subtract(left), during: "subtraction")
        guard isCounter else { return change }
        var previous = left
        var next = first + 1
        if leftIsBetween, points[first + 1].value.isReset(since: points[first].value) {
            // The interpolation at the left edge took this reset in.
            previous = points[first + 1].value
            next += 1
        }
        guard next <= last else { return change }
        for point in points[next..<last] {
            if point.value.isReset(since: previous) {
                context.noteReconciliation(try change.add(previous), during: "addition")
            }
            previous = point.value
        }
        if right.isReset(since: previous) {
            context.noteReconciliation(try change.add(previous), during: "addition")
        }
        return change
    }

    /// The histogram between two others.
    static func interpolate(
        _ before: HistogramPoint, _ after: HistogramPoint, at timeMs: Int64, _ isCounter: Bool,
        _ context: WindowContext
    ) throws(IncompatibleHistograms) -> FloatHistogram {
        if timeMs == before.timeMs { return before.value }
        if timeMs == after.timeMs { return after.value }
        let share = Double(timeMs - before.timeMs) / Double(after.timeMs - before.timeMs)
        if isCounter, after.value.isReset(since: before.value) { return after.value.multiplied(by: share) }
        var between = after.value
        context.noteReconciliation(try between.subtract(before.value), during: "subtraction")
        between.multiply(by: share)
        context.noteReconciliation(try between.add(before.value), during: "addition")
        return between
    }
}

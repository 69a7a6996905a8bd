import Model

/// `rate`, `increase` and `delta` of native histograms.
enum HistogramRate {
    static func value(
        _ points: ArraySlice<HistogramPoint>, _ step: Int, _ context: WindowContext, _ isCounter: Bool,
        _ isPerSecond: Bool
    ) -> FloatHistogram? {
        guard let first = points.first, let last = points.last else { return nil }
        var change: FloatHistogram?
        if points.count > 1 {
            do throws(IncompatibleHistograms) {
                change = try Self.change(points, context, isCounter)
            } catch {
                context.annotate(.mixedExponentialCustom(metric: context.metric, context.position))
                return nil
            }
        }
        var span = Extrapolation(
            firstMs: first.timeMs, lastMs: last.timeMs, count: points.count, endMs: context.rangeEndMs(step),
            rangeMs: context.rangeMs)
        if isCounter, span.begin(atStart: first.startMs) {
            do throws(IncompatibleHistograms) {
                change = try adding(first.value, to: change, context)
            } catch {
                context.annotate(.mixedExponentialCustom(metric: context.metric, context.position))
                return nil
            }
        } else if points.count < 2 {
            return nil
        } else {
            span.limitStart()
            if isCounter, let change, change.count > 0, first.value.count >= 0 {
                span.limitStart(toZeroAt: first.value.count / change.count)
            }
        }
        change?.multiply(by: span.factor(isPerSecond: isPerSecond))
        return change
    }

    private static func adding(
        _ first: FloatHistogram, to change: FloatHistogram?, _ context: WindowContext
    ) throws(IncompatibleHistograms) -> FloatHistogram {
        guard var sum = change else { return first }
        context.noteReconciliation(try sum.add(first), during: "addition")
        return sum
    }

    private static func startsAnew(_ previous: HistogramPoint, _ point: HistogramPoint) -> Bool {
        StartTimestamps.isReset(
            previousStart: previous.startMs, previousTime: previous.timeMs, start: point.startMs, time: point.timeMs)
    }

    /// The change between the first and the last of at least two histograms, with resets made up for.
    private static func change(
        _ points: ArraySlice<HistogramPoint>, _ context: WindowContext, _ isCounter: Bool
    ) throws(IncompatibleHistograms) -> FloatHistogram? {
        let all = Array(points)
        let last = all[all.count - 1].value
        var previous = all[0].value
        if isCounter, all.contains(where: { $0.value.hint == .gauge }) {
            context.annotate(.notCounter(metric: context.metric, context.position))
        }
        // Where the second sample is a reset, the first one's layout does not matter: nothing of it is used.
        if isCounter, startsAnew(all[0], all[1]) || all[1].value.isReset(since: previous) {
            previous = FloatHistogram(schema: all[1].value.schema, customBounds: all[1].value.customBounds)
        }
        let usesCustomBounds = previous.usesCustomBounds
        if last.usesCustomBounds != usesCustomBounds { throw IncompatibleHistograms() }
        var schema = min(last.schema, previous.schema)
        if isCounter {
            for point in all.dropFirst().dropLast() {
                if point.value.usesCustomBounds != usesCustomBounds { throw IncompatibleHistograms() }
                schema = min(schema, point.value.schema)
            }
        }
        var change = last
        if !usesCustomBounds { change.reduce(toSchema: schema) }
        context.noteReconciliation(try change.subtract(previous), during: "subtraction")
        if isCounter {
            try addResets(all, from: previous, to: &change, context)
        } else if all[0].value.hint != .gauge || last.hint != .gauge {
            context.annotate(.notGauge(metric: context.metric, context.position))
        }
        change.hint = .gauge
        change.removeEmptyBuckets()
        return change
    }

    private static func addResets(
        _ points: [HistogramPoint], from first: FloatHistogram, to change: inout FloatHistogram,
        _ context: WindowContext
    ) throws(IncompatibleHistograms) {
        var previous = first
        var overlaps = false
        for (before, point) in zip(points, points.dropFirst()) {
            if !overlaps,
                StartTimestamps.isOverlap(
                    previousStart: before.startMs, previousTime: before.timeMs, start: point.startMs)
            {
                overlaps = true
                context.annotate(.startTimeOverlap(metric: context.metric, context.position))
            }
            if startsAnew(before, point) || point.value.isReset(since: previous) {
                context.noteReconciliation(try change.add(previous), during: "addition")
            }
            previous = point.value
        }
    }
}

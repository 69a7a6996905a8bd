import Model

extension FloatHistogram {
    /// Whether a counter was reset between `previous` and this: by its own word, or because some count fell.
    package func isReset(since previous: FloatHistogram) -> Bool {
        switch hint {
        case .reset: return true
        case .notReset: return false
        case .unknown, .gauge: break
        }
        if count < previous.count { return true }
        if usesCustomBounds {
            if !previous.usesCustomBounds { return true }
            return isCustomReset(since: previous)
        }
        if previous.usesCustomBounds || schema > previous.schema || zeroThreshold < previous.zeroThreshold {
            return true
        }
        var previous = previous
        if zeroThreshold > previous.zeroThreshold {
            previous.widenZeroBucket(to: zeroThreshold)
            // The new zero bucket would cut a populated bucket of the old one: the buckets cannot be the same.
            if previous.zeroThreshold != zeroThreshold { return true }
        }
        if zeroCount < previous.zeroCount { return true }
        previous.reduce(toSchema: schema)
        return positive.isReset(since: previous.positive) || negative.isReset(since: previous.negative)
    }

    /// Histograms of which only count and sum are asked for, without their buckets. What each is towards the one before
    /// it can no longer be told then, so it is noted as a hint first.
    static func statistics(_ points: [HistogramPoint]) -> [HistogramPoint] {
        var reduced = points
        for (index, point) in points.enumerated() {
            var hint = point.value.hint
            if hint == .unknown, index > 0 {
                hint = point.value.isReset(since: points[index - 1].value) ? .reset : .notReset
            }
            reduced[index].value = FloatHistogram(schema: point.value.schema)
            reduced[index].value.hint = hint
            reduced[index].value.count = point.value.count
            reduced[index].value.sum = point.value.sum
        }
        return reduced
    }

    private func isCustomReset(since previous: FloatHistogram) -> Bool {
        if customBounds == previous.customBounds { return positive.isReset(since: previous.positive) }
        let common = Self.common(customBounds, previous.customBounds)
        var now = CustomBuckets(bounds: common)
        var before = CustomBuckets(bounds: common)
        now.add(positive, bounds: customBounds)
        before.add(previous.positive, bounds: previous.customBounds)
        return now.run.run.isReset(since: before.run.run)
    }
}

/// `</` and `>/`: the observations below or above a value.
extension FloatHistogram {
    enum Trim {
        /// Keeps what is below.
        case upper
        /// Keeps what is above.
        case lower
    }

    mutating func trim(_ trim: Trim, at limit: Double) {
        var kept = Kept()
        let hasPositive = positive.hasCounts
        let hasNegative = negative.hasCounts
        for place in positive.indices.indices where positive.counts[place] != 0 {
            positive.counts[place] = keep(positiveBucket(place), trim, limit, isPositive: true, &kept)
        }
        for place in negative.indices.indices where negative.counts[place] != 0 {
            negative.counts[place] = keep(negativeBucket(place), trim, limit, isPositive: false, &kept)
        }
        if zeroCount > 0 {
            let (count, middle) = keepZero(trim, limit, hasPositive: hasPositive, hasNegative: hasNegative)
            if count != zeroCount { kept.isTrimmed = true }
            zeroCount = count
            kept.sum += middle * count
            kept.count += count
        }
        guard kept.isTrimmed else { return }
        count = kept.count
        sum = kept.sum
        removeEmptyBuckets()
    }

    private struct Kept {
        var count = 0.0
        var sum = 0.0
        var isTrimmed = false
    }

    private func keep(
        _ bucket: Bucket, _ trim: Trim, _ limit: Double, isPositive: Bool, _ kept: inout Kept
    ) -> Double {
        let isWhole = trim == .upper ? bucket.upper <= limit : bucket.lower >= limit
        let isCut = trim == .upper ? bucket.lower < limit : bucket.upper > limit
        guard isWhole || isCut else {
            kept.isTrimmed = true
            return 0
        }
        var count = bucket.count
        var middle = 0.0
        if isWhole {
            middle = self.middle(bucket.lower, bucket.upper, isPositive: isPositive)
        } else if bucket.lower == -.infinity || bucket.upper == .infinity {
            (count, middle) = cutInfinite(bucket, trim, limit)
        } else {
            let below = bucket.count * bucket.fractionBelow(limit, linear: usesCustomBounds)
            count = trim == .upper ? below : bucket.count - below
            middle =
                trim == .upper
                ? self.middle(bucket.lower, limit, isPositive: isPositive)
                : self.middle(limit, bucket.upper, isPositive: isPositive)
        }
        kept.count += count
        kept.sum += middle * count
        if count != bucket.count { kept.isTrimmed = true }
        return count
    }

    /// Where an observation of the interval is taken to be.
    private func middle(_ lower: Double, _ upper: Double, isPositive: Bool) -> Double {
        if lower.isInfinite {
            if upper.isInfinite { return 0 }
            return upper > 0 ? upper / 2 : upper
        }
        if upper.isInfinite { return lower }
        if usesCustomBounds { return (lower + upper) / 2 }
        let root = (lower * upper).magnitude.squareRoot()
        return isPositive ? root : -root
    }

    /// How observations spread over an unbounded bucket is not known: it is kept only where zero is a natural bound
    /// or where the limit does not cut it.
    private func cutInfinite(_ bucket: Bucket, _ trim: Trim, _ limit: Double) -> (count: Double, middle: Double) {
        func finite(_ bound: Double) -> Double { bound.isInfinite ? 0 : bound }
        if bucket.lower == -.infinity {
            let startsAtZero = bucket.upper > 0 && bucket.upper.isFinite
            switch trim {
            case .upper:
                if limit > 0, startsAtZero { return (bucket.count * limit / bucket.upper, limit / 2) }
                if bucket.upper <= 0 { return (bucket.count, limit) }
            case .lower:
                if limit == -.infinity { return (bucket.count, 0) }
                if limit >= 0, startsAtZero {
                    return (bucket.count * (1 - limit / bucket.upper), (limit + bucket.upper) / 2)
                }
            }
            return (0, finite(bucket.upper))
        }
        if trim == .lower, limit >= bucket.lower { return (bucket.count, limit) }
        return (0, finite(bucket.lower))
    }

    private func keepZero(
        _ trim: Trim, _ limit: Double, hasPositive: Bool, hasNegative: Bool
    ) -> (count: Double, middle: Double) {
        let lower = hasPositive && !hasNegative ? 0 : -zeroThreshold
        let upper = hasNegative && !hasPositive ? 0 : zeroThreshold
        let isBelow = limit <= lower
        let isAbove = limit >= upper
        switch trim {
        case .upper:
            if isBelow { return (0, 0) }
            if isAbove { return (zeroCount, (lower + upper) / 2) }
            return (zeroCount * (limit - lower) / (upper - lower), (lower + limit) / 2)
        case .lower:
            if isBelow { return (zeroCount, (lower + upper) / 2) }
            if isAbove { return (0, 0) }
            return (zeroCount * (upper - limit) / (upper - lower), (limit + upper) / 2)
        }
    }
}

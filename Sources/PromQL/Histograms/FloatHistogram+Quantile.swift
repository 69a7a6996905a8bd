import Glibc

/// What a user is told about the input of a quantile or a fraction.
enum HistogramNote {
    case nanResult, nanSkew, nanExcluded
}

extension FloatHistogram.Bucket {
    /// How much of the bucket lies below `value`: on a logarithmic scale, as exponential buckets want it, or linearly.
    func fractionBelow(_ value: Double, linear: Bool) -> Double {
        if linear { return (value - lower) / (upper - lower) }
        let logLower = log2(lower.magnitude)
        let logUpper = log2(upper.magnitude)
        let logValue = log2(value.magnitude)
        return value > 0
            ? (logValue - logLower) / (logUpper - logLower) : 1 - (logValue - logUpper) / (logLower - logUpper)
    }
}

extension FloatHistogram {
    /// Zero is the natural bound of the zero bucket where all other buckets lie on one side of it.
    private func withNaturalBounds(_ bucket: Bucket) -> Bucket {
        var bucket = bucket
        if negative.isEmpty, !positive.isEmpty { bucket.lower = 0 }
        if positive.isEmpty, !negative.isEmpty { bucket.upper = 0 }
        return bucket
    }

    /// The value below which the share `q` of the observations lies, interpolated within its bucket.
    func quantile(_ q: Double) -> (value: Double, note: HistogramNote?) {
        if q < 0 { return (-.infinity, nil) }
        if q > 1 { return (.infinity, nil) }
        if count == 0 || q.isNaN { return (.nan, nil) }
        // NaN observations are in no bucket but in the count: they can only be left aside counting from below.
        let isForward = sum.isNaN || q < 0.5
        let ascending = buckets
        var rank = isForward ? q * count : (1 - q) * count
        var seen = 0.0
        var bucket = Bucket()
        var next = 0
        while next < ascending.count {
            bucket = isForward ? ascending[next] : ascending[ascending.count - 1 - next]
            next += 1
            if bucket.count == 0 { continue }
            seen += bucket.count
            if seen >= rank { break }
        }
        if usesCustomBounds {
            if bucket.lower == -.infinity {
                if bucket.upper <= 0 { return (bucket.upper, nil) }
                bucket.lower = 0
            } else if bucket.upper == .infinity {
                return (bucket.lower, nil)
            }
        } else if bucket.lower < 0, bucket.upper > 0 {
            bucket = withNaturalBounds(bucket)
        }
        seen = min(seen, count)
        if seen < rank { return sum.isNaN ? (.nan, .nanResult) : (bucket.upper, nil) }
        rank = isForward ? rank - (seen - bucket.count) : seen - rank
        var note: HistogramNote?
        if sum.isNaN {
            let inBuckets = ascending[next...].reduce(seen) { $0 + $1.count }
            if inBuckets < count { note = .nanSkew }
        }
        return (interpolate(rank / bucket.count, in: bucket), note)
    }

    private func interpolate(_ fraction: Double, in bucket: Bucket) -> Double {
        if usesCustomBounds || bucket.lower <= 0 && bucket.upper >= 0 {
            return bucket.lower + (bucket.upper - bucket.lower) * fraction
        }
        let logLower = log2(bucket.lower.magnitude)
        let logUpper = log2(bucket.upper.magnitude)
        if bucket.lower > 0 { return exp2(logLower + (logUpper - logLower) * fraction) }
        return -exp2(logUpper + (logLower - logUpper) * (1 - fraction))
    }

    /// The share of the observations between two values.
    func fraction(from lower: Double, to upper: Double) -> (value: Double, note: HistogramNote?) {
        if count == 0 || lower.isNaN || upper.isNaN { return (.nan, nil) }
        if lower >= upper { return (0, nil) }
        let ascending = buckets
        var lowerRank = rank(below: lower, ascending)
        var upperRank = rank(below: upper, ascending)
        var counted = count
        var note: HistogramNote?
        if sum.isNaN {
            counted = ascending.reduce(0) { $0 + $1.count }
            if counted < count { note = .nanExcluded }
        }
        if lowerRank.isNaN || lowerRank > counted { lowerRank = counted }
        if upperRank.isNaN || upperRank > counted { upperRank = counted }
        return ((upperRank - lowerRank) / count, note)
    }

    /// How many observations lie below a value; NaN where it lies above all buckets.
    private func rank(below value: Double, _ ascending: [Bucket]) -> Double {
        var rank = 0.0
        for original in ascending {
            let isZero = original.lower <= 0 && original.upper >= 0
            let bucket = isZero ? withNaturalBounds(original) : original
            if bucket.lower >= value { return rank }
            if bucket.upper > value {
                if bucket.lower == -.infinity { return bucket.count }
                return rank + bucket.count * bucket.fractionBelow(value, linear: usesCustomBounds || isZero)
            }
            rank += bucket.count
        }
        return .nan
    }

    /// Mean square distance from the mean, with each bucket's observations taken at its middle.
    var variance: Double {
        let mean = sum / count
        var variance = KahanSum()
        for bucket in buckets where bucket.count != 0 {
            let middle: Double
            if usesCustomBounds {
                middle = (bucket.upper + bucket.lower) / 2
            } else if bucket.lower <= 0, bucket.upper >= 0 {
                middle = 0
            } else {
                let root = (bucket.upper * bucket.lower).squareRoot()
                middle = bucket.upper < 0 ? -root : root
            }
            let delta = middle - mean
            variance.add(bucket.count * delta * delta)
        }
        return (variance.sum + variance.correction) / count
    }
}

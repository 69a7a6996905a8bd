import Model

/// Two histograms of which one has exponential and the other custom buckets cannot be combined.
struct IncompatibleHistograms: Error {}

/// What had to be reconciled when two histograms were combined; a user is told of it.
struct Reconciliation {
    /// One says that its counter was reset, the other that it was not.
    var hintsCollide = false
    /// Custom bounds differed and were reduced to those in common.
    var boundsDiffered = false
}

extension FloatHistogram {
    mutating func multiply(by factor: Double) {
        scale { $0 * factor }
        if factor < 0 { hint = .gauge }
    }

    mutating func divide(by divisor: Double) {
        scale { $0 / divisor }
        if divisor == 0 {
            positive = BucketRun()
            negative = BucketRun()
        } else if divisor < 0 {
            hint = .gauge
        }
    }

    private mutating func scale(_ scaled: (Double) -> Double) {
        zeroCount = scaled(zeroCount)
        count = scaled(count)
        sum = scaled(sum)
        for index in positive.counts.indices { positive.counts[index] = scaled(positive.counts[index]) }
        for index in negative.counts.indices { negative.counts[index] = scaled(negative.counts[index]) }
    }

    func multiplied(by factor: Double) -> FloatHistogram {
        var copy = self
        copy.multiply(by: factor)
        return copy
    }

    func divided(by divisor: Double) -> FloatHistogram {
        var copy = self
        copy.divide(by: divisor)
        return copy
    }

    mutating func add(_ other: FloatHistogram) throws(IncompatibleHistograms) -> Reconciliation {
        try combine(other, sign: 1)
    }

    mutating func subtract(_ other: FloatHistogram) throws(IncompatibleHistograms) -> Reconciliation {
        try combine(other, sign: -1)
    }

    private mutating func combine(
        _ other: FloatHistogram, sign: Double
    ) throws(IncompatibleHistograms) -> Reconciliation {
        var outcome = Reconciliation()
        var other = other
        outcome.hintsCollide = try prepare(toCombine: &other)
        zeroCount += sign * other.zeroCount
        count += sign * other.count
        sum += sign * other.sum
        if usesCustomBounds, customBounds != other.customBounds {
            outcome.boundsDiffered = true
            let common = Self.common(customBounds, other.customBounds)
            var mapped = CustomBuckets(bounds: common)
            mapped.add(positive, bounds: customBounds)
            mapped.add(other.positive, bounds: other.customBounds, sign: sign)
            positive = mapped.run.run
            customBounds = common
        } else {
            positive = positive.adding(other.positive, sign: sign)
            negative = negative.adding(other.negative, sign: sign)
        }
        return outcome
    }

    /// Gives both the same schema and zero bucket. True where their hints collide.
    mutating func prepare(toCombine other: inout FloatHistogram) throws(IncompatibleHistograms) -> Bool {
        guard usesCustomBounds == other.usesCustomBounds else { throw IncompatibleHistograms() }
        let collides = adjustHint(to: other)
        guard !usesCustomBounds else { return collides }
        while zeroThreshold != other.zeroThreshold {
            if zeroThreshold > other.zeroThreshold {
                other.widenZeroBucket(to: zeroThreshold)
            } else {
                widenZeroBucket(to: other.zeroThreshold)
            }
        }
        reduce(toSchema: other.schema)
        other.reduce(toSchema: schema)
        return collides
    }

    /// Nothing is done where the schema is not coarser.
    mutating func reduce(toSchema target: Int32) {
        guard target < schema else { return }
        positive = positive.reduced(by: schema - target)
        negative = negative.reduced(by: schema - target)
        schema = target
    }

    mutating func adjustHint(to other: FloatHistogram) -> Bool {
        if other.hint == hint || hint == .gauge || hint == .unknown && other.hint != .gauge { return false }
        if other.hint == .gauge || other.hint == .unknown {
            hint = other.hint
            return false
        }
        hint = .unknown
        return true
    }

    /// The zero bucket as it would be with a threshold of at least `threshold`: a populated bucket that the threshold
    /// would cut is taken in as a whole.
    func zeroBucket(widenedTo threshold: Double) -> (count: Double, threshold: Double) {
        var threshold = threshold
        while true {
            var total = zeroCount
            for place in positive.indices.indices {
                let bucket = positiveBucket(place)
                if bucket.lower >= threshold { break }
                total += bucket.count
                if bucket.upper > threshold {
                    if bucket.count != 0 { threshold = bucket.upper }
                    break
                }
            }
            var isCut = false
            for place in negative.indices.indices {
                let bucket = negativeBucket(place)
                if bucket.upper <= -threshold { break }
                total += bucket.count
                if bucket.lower < -threshold {
                    if bucket.count != 0 {
                        threshold = -bucket.lower
                        isCut = true
                    }
                    break
                }
            }
            if !isCut { return (total, threshold) }
        }
    }

    mutating func widenZeroBucket(to threshold: Double) {
        (zeroCount, zeroThreshold) = zeroBucket(widenedTo: threshold)
        for place in positive.indices.indices where positiveBucket(place).lower < zeroThreshold {
            positive.counts[place] = 0
        }
        for place in negative.indices.indices where negativeBucket(place).upper > -zeroThreshold {
            negative.counts[place] = 0
        }
        removeEmptyBuckets()
    }

    /// Bounds that both sorted lists have.
    static func common(_ a: [Double], _ b: [Double]) -> [Double] {
        var common: [Double] = []
        var j = 0
        for bound in a {
            while j < b.count, b[j] < bound { j += 1 }
            if j < b.count, b[j] == bound { common.append(bound) }
        }
        return common
    }

    var hasInfinity: Bool {
        zeroCount.isInfinite || count.isInfinite || sum.isInfinite || positive.counts.contains { $0.isInfinite }
            || negative.counts.contains { $0.isInfinite }
    }
}

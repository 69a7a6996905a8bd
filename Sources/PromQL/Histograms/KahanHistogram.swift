/// Buckets with a correction each.
struct KahanRun: Sendable {
    var run = BucketRun()
    var corrections: [Double] = []

    init() {}

    init(_ run: BucketRun) {
        self.run = run
        corrections = [Double](repeating: 0, count: run.counts.count)
    }

    private mutating func append(_ index: Int32, _ sum: KahanSum) {
        run.append(index, sum.sum)
        corrections.append(sum.correction)
    }

    private func sum(_ place: Int) -> KahanSum { KahanSum(run.counts[place], correction: corrections[place]) }

    mutating func add(_ other: KahanRun) {
        var total = KahanRun()
        var mine = 0
        var theirs = 0
        while mine < run.indices.count || theirs < other.run.indices.count {
            let order = BucketRun.order(run.indices, mine, other.run.indices, theirs)
            if order > 0 {
                total.append(other.run.indices[theirs], other.sum(theirs))
            } else {
                var bucket = sum(mine)
                if order == 0 { bucket.add(other.sum(theirs)) }
                total.append(run.indices[mine], bucket)
            }
            if order <= 0 { mine += 1 }
            if order >= 0 { theirs += 1 }
        }
        self = total
    }

    mutating func reduce(by levels: Int32) {
        guard levels > 0 else { return }
        var reduced = KahanRun()
        for place in run.indices.indices {
            let target = BucketRun.index(run.indices[place], reducedBy: levels)
            if reduced.run.indices.last == target {
                let last = reduced.corrections.count - 1
                var bucket = reduced.sum(last)
                bucket.add(sum(place))
                reduced.run.counts[last] = bucket.sum
                reduced.corrections[last] = bucket.correction
            } else {
                reduced.append(target, sum(place))
            }
        }
        self = reduced
    }

    /// Drops the first `count` buckets.
    mutating func removeFirst(_ count: Int) {
        run.indices.removeFirst(count)
        run.counts.removeFirst(count)
        corrections.removeFirst(count)
    }

    mutating func scale(_ scaled: (Double) -> Double) {
        for index in corrections.indices {
            run.counts[index] = scaled(run.counts[index])
            corrections[index] = scaled(corrections[index])
        }
    }

    /// Counts with their corrections added.
    var corrected: BucketRun {
        var corrected = run
        for index in corrections.indices { corrected.counts[index] += corrections[index] }
        return corrected
    }
}

/// Buckets with custom bounds, collected from histograms with more bounds than these.
struct CustomBuckets {
    private let bounds: [Double]
    private var sums: [KahanSum]

    init(bounds: [Double]) {
        self.bounds = bounds
        sums = [KahanSum](repeating: KahanSum(), count: bounds.count + 1)
    }

    mutating func add(_ run: BucketRun, corrections: [Double]? = nil, bounds source: [Double], sign: Double = 1) {
        var target = 0
        for (place, index) in run.indices.enumerated() {
            let upper = BucketBounds.custom(Int(index), bounds: source)
            while target < bounds.count, bounds[target] < upper { target += 1 }
            sums[target].add(sign * run.counts[place])
            if let corrections { sums[target].add(sign * corrections[place]) }
        }
    }

    /// The buckets that are not empty.
    var run: KahanRun {
        var run = KahanRun()
        for (index, sum) in sums.enumerated() where sum.sum != 0 || sum.correction != 0 {
            run.run.append(Int32(index), sum.sum)
            run.corrections.append(sum.correction)
        }
        return run
    }
}

/// A sum of histograms with a correction for each number in it.
struct KahanHistogram: Sendable {
    /// Everything but the counts, which stand beside it with their corrections.
    private(set) var shape: FloatHistogram
    private var zero: KahanSum
    private var count: KahanSum
    private var sum: KahanSum
    private var positive: KahanRun
    private var negative: KahanRun

    init(_ first: FloatHistogram) {
        shape = first
        zero = KahanSum(first.zeroCount)
        count = KahanSum(first.count)
        sum = KahanSum(first.sum)
        positive = KahanRun(first.positive)
        negative = KahanRun(first.negative)
    }

    mutating func add(_ other: FloatHistogram) throws(IncompatibleHistograms) -> Reconciliation {
        try add(KahanHistogram(other))
    }

    mutating func add(_ other: KahanHistogram) throws(IncompatibleHistograms) -> Reconciliation {
        var other = other
        var outcome = Reconciliation()
        guard shape.usesCustomBounds == other.shape.usesCustomBounds else { throw IncompatibleHistograms() }
        outcome.hintsCollide = shape.adjustHint(to: other.shape)
        if shape.usesCustomBounds {
            outcome.boundsDiffered = addCustom(other)
        } else {
            while shape.zeroThreshold != other.shape.zeroThreshold {
                if shape.zeroThreshold > other.shape.zeroThreshold {
                    other.widenZeroBucket(to: shape.zeroThreshold)
                } else {
                    widenZeroBucket(to: other.shape.zeroThreshold)
                }
            }
            reduce(toSchema: other.shape.schema)
            other.reduce(toSchema: shape.schema)
            positive.add(other.positive)
            negative.add(other.negative)
        }
        zero.add(other.zero)
        count.add(other.count)
        sum.add(other.sum)
        return outcome
    }

    /// True where the bounds differed.
    private mutating func addCustom(_ other: KahanHistogram) -> Bool {
        guard shape.customBounds != other.shape.customBounds else {
            positive.add(other.positive)
            return false
        }
        let common = FloatHistogram.common(shape.customBounds, other.shape.customBounds)
        var mapped = CustomBuckets(bounds: common)
        mapped.add(positive.run, corrections: positive.corrections, bounds: shape.customBounds)
        mapped.add(other.positive.run, corrections: other.positive.corrections, bounds: other.shape.customBounds)
        positive = mapped.run
        shape.customBounds = common
        return true
    }

    private mutating func reduce(toSchema target: Int32) {
        guard target < shape.schema else { return }
        positive.reduce(by: shape.schema - target)
        negative.reduce(by: shape.schema - target)
        shape.schema = target
    }

    private mutating func widenZeroBucket(to threshold: Double) {
        shape.positive = positive.run
        shape.negative = negative.run
        let threshold = shape.zeroBucket(widenedTo: threshold).threshold
        var swallowed = 0
        while swallowed < positive.run.indices.count, shape.positiveBucket(swallowed).lower < threshold {
            zero.add(positive.run.counts[swallowed])
            zero.add(positive.corrections[swallowed])
            swallowed += 1
        }
        positive.removeFirst(swallowed)
        swallowed = 0
        while swallowed < negative.run.indices.count, shape.negativeBucket(swallowed).upper > -threshold {
            zero.add(negative.run.counts[swallowed])
            zero.add(negative.corrections[swallowed])
            swallowed += 1
        }
        negative.removeFirst(swallowed)
        shape.zeroThreshold = threshold
    }

    mutating func multiply(by factor: Double) { scale { $0 * factor } }
    mutating func divide(by divisor: Double) { scale { $0 / divisor } }

    private mutating func scale(_ scaled: (Double) -> Double) {
        zero = KahanSum(scaled(zero.sum), correction: scaled(zero.correction))
        count = KahanSum(scaled(count.sum), correction: scaled(count.correction))
        sum = KahanSum(scaled(sum.sum), correction: scaled(sum.correction))
        positive.scale(scaled)
        negative.scale(scaled)
    }

    /// Whether a number grew beyond what a Double holds.
    var hasInfinity: Bool {
        zero.sum.isInfinite || count.sum.isInfinite || sum.sum.isInfinite
            || positive.run.counts.contains { $0.isInfinite } || negative.run.counts.contains { $0.isInfinite }
    }

    /// The sum with its corrections.
    var total: FloatHistogram {
        var total = shape
        total.zeroCount = zero.sum + zero.correction
        total.count = count.sum + count.correction
        total.sum = sum.sum + sum.correction
        total.positive = positive.corrected
        total.negative = negative.corrected
        return total
    }
}

/// The mean of histograms: by their sum for as long as that holds, then mean by mean.
struct HistogramMean: Sendable {
    private var accumulated: KahanHistogram
    private var isIncremental = false
    private(set) var count = 1.0

    init(_ first: FloatHistogram) { accumulated = KahanHistogram(first) }

    mutating func add(_ other: FloatHistogram) throws(IncompatibleHistograms) -> Reconciliation {
        count += 1
        if !isIncremental {
            var sum = accumulated
            let outcome = try sum.add(other)
            if !sum.hasInfinity {
                accumulated = sum
                return outcome
            }
            isIncremental = true
            accumulated.divide(by: count - 1)
        }
        accumulated.multiply(by: (count - 1) / count)
        return try accumulated.add(other.divided(by: count))
    }

    /// Adds what another mean was made of.
    mutating func add(_ other: HistogramMean) throws(IncompatibleHistograms) -> Reconciliation {
        if !isIncremental, !other.isIncremental {
            var sum = accumulated
            let outcome = try sum.add(other.accumulated)
            if !sum.hasInfinity {
                accumulated = sum
                count += other.count
                return outcome
            }
        }
        let total = count + other.count
        var mine = mean
        mine.multiply(by: count / total)
        accumulated = KahanHistogram(mine)
        isIncremental = true
        let outcome = try accumulated.add(other.mean.multiplied(by: other.count / total))
        count = total
        return outcome
    }

    var mean: FloatHistogram {
        if isIncremental { return accumulated.total }
        var mean = accumulated
        mean.divide(by: count)
        return mean.total
    }
}

package import Model

/// A native histogram to calculate with: counts are Doubles, buckets are listed by index instead of by spans.
package struct FloatHistogram: Sendable {
    package var schema: Int32
    package var hint: NativeHistogram.CounterResetHint
    package var zeroThreshold: Double
    package var zeroCount: Double
    package var count: Double
    package var sum: Double
    var positive: BucketRun
    var negative: BucketRun
    package var customBounds: [Double]

    /// Buckets that are listed.
    var bucketCount: Int { positive.counts.count + negative.counts.count }

    package var usesCustomBounds: Bool { schema == NativeHistogram.customBoundsSchema }

    init(schema: Int32, customBounds: [Double] = []) {
        self.schema = schema
        hint = .unknown
        zeroThreshold = 0
        zeroCount = 0
        count = 0
        sum = 0
        positive = BucketRun()
        negative = BucketRun()
        self.customBounds = customBounds
    }

    package init(_ stored: NativeHistogram) {
        self.init(schema: stored.schema, customBounds: stored.customBounds)
        hint = stored.counterResetHint
        zeroThreshold = stored.zeroThreshold
        sum = stored.sum
        switch stored.counts {
        case .integer(let count, let zero, let positive, let negative):
            self.count = Double(count)
            zeroCount = Double(zero)
            self.positive = Self.run(stored.positiveSpans, positive.map { Double($0) })
            self.negative = Self.run(stored.negativeSpans, negative.map { Double($0) })
        case .float(let count, let zero, let positive, let negative):
            self.count = count
            zeroCount = zero
            self.positive = Self.run(stored.positiveSpans, positive)
            self.negative = Self.run(stored.negativeSpans, negative)
        }
    }

    private static func run(_ spans: [NativeHistogram.Span], _ counts: [Double]) -> BucketRun {
        var run = BucketRun()
        run.indices.reserveCapacity(counts.count)
        var index: Int32 = 0
        for span in spans {
            index &+= span.offset
            for _ in 0..<span.length where run.indices.count < counts.count {
                run.indices.append(index)
                index &+= 1
            }
        }
        run.counts = Array(counts.prefix(run.indices.count))
        return run
    }

    /// As it is stored and sent.
    package var native: NativeHistogram {
        NativeHistogram(
            schema: schema, counterResetHint: hint, zeroThreshold: zeroThreshold, sum: sum,
            counts: .float(count: count, zero: zeroCount, positive: positive.counts, negative: negative.counts),
            positiveSpans: Self.spans(positive), negativeSpans: Self.spans(negative), customBounds: customBounds)
    }

    private static func spans(_ run: BucketRun) -> [NativeHistogram.Span] {
        var spans: [NativeHistogram.Span] = []
        var next: Int32 = 0
        for index in run.indices {
            if spans.isEmpty || index != next {
                spans.append(NativeHistogram.Span(offset: index - next, length: 1))
            } else {
                spans[spans.count - 1].length += 1
            }
            next = index + 1
        }
        return spans
    }

    /// One bucket with its bounds.
    package struct Bucket: Sendable {
        package var lower = 0.0
        package var upper = 0.0
        package var count = 0.0
        package var lowerIsInclusive = false
        package var upperIsInclusive = false
    }

    func bound(_ index: Int) -> Double {
        usesCustomBounds
            ? BucketBounds.custom(index, bounds: customBounds) : BucketBounds.exponential(index, schema: schema)
    }

    func positiveBucket(_ place: Int) -> Bucket {
        let index = Int(positive.indices[place])
        var bucket = Bucket(lower: bound(index - 1), upper: bound(index), count: positive.counts[place])
        bucket.lowerIsInclusive = usesCustomBounds ? index == 0 : false
        bucket.upperIsInclusive = true
        return bucket
    }

    func negativeBucket(_ place: Int) -> Bucket {
        let index = Int(negative.indices[place])
        var bucket = Bucket(lower: -bound(index), upper: -bound(index - 1), count: negative.counts[place])
        bucket.lowerIsInclusive = true
        return bucket
    }

    var zeroBucket: Bucket {
        Bucket(
            lower: -zeroThreshold, upper: zeroThreshold, count: zeroCount, lowerIsInclusive: true,
            upperIsInclusive: true)
    }

    /// All listed buckets from the lowest to the highest, those beside zero cut off at the zero bucket.
    package var buckets: [Bucket] {
        var all: [Bucket] = []
        all.reserveCapacity(negative.indices.count + positive.indices.count + 1)
        for place in negative.indices.indices.reversed() {
            var bucket = negativeBucket(place)
            if bucket.upper < 0, bucket.upper > -zeroThreshold { bucket.upper = -zeroThreshold }
            all.append(bucket)
        }
        if zeroCount > 0 { all.append(zeroBucket) }
        for place in positive.indices.indices {
            var bucket = positiveBucket(place)
            if bucket.lower > 0, bucket.lower < zeroThreshold { bucket.lower = zeroThreshold }
            all.append(bucket)
        }
        return all
    }

    /// What it counts for among the samples that a query looks at, each of which is taken for 16 bytes.
    var sampleCost: Int {
        (168 + 16 * (positive.indices.count + negative.indices.count) + 8 * customBounds.count) / 16
    }

    /// Same layout, same bits.
    package func isIdentical(to other: FloatHistogram) -> Bool {
        schema == other.schema && count.bitPattern == other.count.bitPattern
            && sum.bitPattern == other.sum.bitPattern && zeroThreshold == other.zeroThreshold
            && zeroCount.bitPattern == other.zeroCount.bitPattern
            && (!usesCustomBounds || customBounds == other.customBounds)
            && positive.isIdentical(to: other.positive) && negative.isIdentical(to: other.negative)
    }

    mutating func removeEmptyBuckets() {
        positive.removeEmpty()
        negative.removeEmpty()
    }

    /// Without listed empty buckets.
    package func compacted() -> FloatHistogram {
        var copy = self
        copy.removeEmptyBuckets()
        return copy
    }
}

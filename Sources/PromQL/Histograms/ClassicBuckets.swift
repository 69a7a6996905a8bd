/// Cumulative buckets of a classic histogram at one instant.
struct ClassicBuckets: Sendable {
    struct Bucket: Sendable {
        var upperBound: Double
        var count: Double
    }

    /// What was wrong with counts that fell from a bucket to the next.
    struct Repair {
        var lowestBound = Double.infinity
        var highestBound = -Double.infinity
        var largestDrop = 0.0
    }

    /// Counts that differ relatively by less than this differ by rounding only.
    private static let tolerance = 1e-12

    private(set) var buckets: [Bucket]

    /// Takes at least one bucket, by ascending bound; those of one bound are merged.
    init(sorted: [Bucket]) {
        buckets = []
        buckets.reserveCapacity(sorted.count)
        for bucket in sorted {
            if let last = buckets.last, last.upperBound == bucket.upperBound {
                buckets[buckets.count - 1].count += bucket.count
            } else {
                buckets.append(bucket)
            }
        }
    }

    private var endsAtInfinity: Bool { buckets.last?.upperBound == .infinity }

    /// Makes counts ascend. Differences by rounding are smoothed silently.
    private mutating func makeMonotonic() -> Repair? {
        var repair: Repair?
        var previous = buckets[0].count
        for index in buckets.indices.dropFirst() {
            let count = buckets[index].count
            if count == previous { continue }
            if Nearness.areEqual(previous, count, tolerance: Self.tolerance) {
                buckets[index].count = previous
                continue
            }
            guard count < previous else {
                previous = count
                continue
            }
            buckets[index].count = previous
            var made = repair ?? Repair()
            made.lowestBound = min(made.lowestBound, buckets[index].upperBound)
            made.highestBound = max(made.highestBound, buckets[index].upperBound)
            made.largestDrop = max(made.largestDrop, previous - count)
            repair = made
        }
        return repair
    }

    mutating func quantile(_ q: Double) -> (value: Double, repair: Repair?) {
        if q.isNaN { return (.nan, nil) }
        if q < 0 { return (-.infinity, nil) }
        if q > 1 { return (.infinity, nil) }
        guard endsAtInfinity else { return (.nan, nil) }
        let repair = makeMonotonic()
        let observations = buckets[buckets.count - 1].count
        if buckets.count < 2 || observations == 0 { return (.nan, repair) }
        var rank = q * observations
        let last = buckets.count - 1
        let place = buckets[..<last].firstIndex { $0.count >= rank } ?? last
        if place == last { return (buckets[last - 1].upperBound, repair) }
        if place == 0, buckets[0].upperBound <= 0 { return (buckets[0].upperBound, repair) }
        var start = 0.0
        var count = buckets[place].count
        if place > 0 {
            start = buckets[place - 1].upperBound
            count -= buckets[place - 1].count
            rank -= buckets[place - 1].count
        }
        return (start + (buckets[place].upperBound - start) * (rank / count), repair)
    }

    func fraction(from lower: Double, to upper: Double) -> Double {
        guard endsAtInfinity else { return .nan }
        let count = buckets[buckets.count - 1].count
        if count == 0 || lower.isNaN || upper.isNaN { return .nan }
        if lower >= upper { return 0 }
        let lowerRank = rank(below: lower)
        let upperRank = rank(below: upper)
        return ((upperRank > count ? count : upperRank) - (lowerRank > count ? count : lowerRank)) / count
    }

    /// How many observations lie below a value; infinite where it lies above all bounds.
    private func rank(below value: Double) -> Double {
        var start = buckets[0].upperBound <= 0 ? -Double.infinity : 0
        var rank = 0.0
        for bucket in buckets {
            if start >= value { return rank }
            if bucket.upperBound > value {
                if start == -.infinity { return bucket.count }
                return rank + (bucket.count - rank) * (value - start) / (bucket.upperBound - start)
            }
            rank = bucket.count
            start = bucket.upperBound
        }
        return .infinity
    }
}

/// The buckets of one sign, ascending by index. A bucket that is not listed is empty; one listed may be, too.
struct BucketRun: Sendable, Equatable {
    var indices: [Int32] = []
    var counts: [Double] = []

    var isEmpty: Bool { indices.isEmpty }
    var hasCounts: Bool { counts.contains { $0 != 0 } }

    /// Same buckets with the same bits.
    func isIdentical(to other: BucketRun) -> Bool {
        indices == other.indices
            && zip(counts, other.counts).allSatisfy { $0.bitPattern == $1.bitPattern }
    }

    mutating func append(_ index: Int32, _ count: Double) {
        indices.append(index)
        counts.append(count)
    }

    mutating func removeEmpty() {
        guard counts.contains(0) else { return }
        var kept = BucketRun()
        for (index, count) in zip(indices, counts) where count != 0 { kept.append(index, count) }
        self = kept
    }

    /// The index of the bucket of a coarser schema that holds a bucket.
    static func index(_ index: Int32, reducedBy levels: Int32) -> Int32 { ((index - 1) >> levels) + 1 }

    func reduced(by levels: Int32) -> BucketRun {
        guard levels > 0 else { return self }
        var reduced = BucketRun()
        for (index, count) in zip(indices, counts) {
            let target = Self.index(index, reducedBy: levels)
            if reduced.indices.last == target {
                reduced.counts[reduced.counts.count - 1] += count
            } else {
                reduced.append(target, count)
            }
        }
        return reduced
    }

    /// Bucket by bucket, `other` times `sign`.
    func adding(_ other: BucketRun, sign: Double) -> BucketRun {
        if indices == other.indices {
            var sum = self
            for index in sum.counts.indices { sum.counts[index] += sign * other.counts[index] }
            return sum
        }
        var sum = BucketRun()
        var mine = 0
        var theirs = 0
        while mine < indices.count || theirs < other.indices.count {
            let order = Self.order(indices, mine, other.indices, theirs)
            if order < 0 {
                sum.append(indices[mine], counts[mine])
            } else if order > 0 {
                sum.append(other.indices[theirs], sign * other.counts[theirs])
            } else {
                sum.append(indices[mine], counts[mine] + sign * other.counts[theirs])
            }
            if order <= 0 { mine += 1 }
            if order >= 0 { theirs += 1 }
        }
        return sum
    }

    /// Which of two lists has the smaller next index; a list at its end has none.
    static func order(_ a: [Int32], _ i: Int, _ b: [Int32], _ j: Int) -> Int {
        guard i < a.count else { return 1 }
        guard j < b.count else { return -1 }
        return a[i] < b[j] ? -1 : a[i] > b[j] ? 1 : 0
    }

    /// True where a bucket lost observations since `previous`.
    func isReset(since previous: BucketRun) -> Bool {
        var mine = 0
        for (index, count) in zip(previous.indices, previous.counts) {
            while mine < indices.count, indices[mine] < index { mine += 1 }
            let isListed = mine < indices.count && indices[mine] == index
            if isListed ? counts[mine] < count : count != 0 { return true }
        }
        return false
    }
}

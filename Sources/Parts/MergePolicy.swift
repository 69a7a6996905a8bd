/// Which parts to merge next. A pure function of what is known of them.
///
/// Parts of one partition and one level are merged when there are `fanOut` of them, into one of the next level; a part of
/// the highest level is never merged again. So no row is rewritten more than `levelMax` times, whatever arrives in which
/// order, and a partition of n flushes has at most `levelMax * (fanOut - 1)` parts that are not final, and one final one
/// for each `fanOut` to the power of `levelMax` flushes. What is left over in a partition that nothing came to for a
/// while is merged once more, as long as the levels allow it.
package struct MergePolicy: Sendable, Equatable {
    /// How many parts of a level are merged at a time: more means fewer rewrites and more parts for a query to look at.
    package var fanOut = 10
    /// The most times that a row is rewritten.
    package var levelMax = 4
    /// A merge makes no larger part than this, and a larger one is final.
    package var partBytesMax = 8 << 30
    /// How long nothing may have come to a partition before its leftovers are merged.
    package var quietMs: Int64 = 3_600_000

    package init() {}

    /// The parts to merge into one now, of one partition; empty if there is nothing to do.
    ///
    /// - Parameter roomBytes: how large the new part may be, for want of disk space.
    package func next(among parts: [PartInfo], nowMs: Int64, roomBytes: Int = .max) -> [PartInfo] {
        let limit = min(partBytesMax, roomBytes)
        var full: [PartInfo] = []
        var quiet: [PartInfo] = []
        for (_, group) in Dictionary(grouping: parts, by: \.partition) {
            let open = group.filter { $0.level < levelMax && $0.bytes < partBytesMax }
            if let candidate = fullLevel(open, limit), isBefore(candidate, full) { full = candidate }
            let newestMs = group.map(\.createdMs).max() ?? nowMs
            if newestMs <= nowMs - quietMs {
                let candidate = smallest(open, atMostBytes: limit, count: .max)
                if candidate.count > 1 && isBefore(candidate, quiet) { quiet = candidate }
            }
        }
        return full.isEmpty ? quiet : full
    }

    /// `fanOut` parts of the lowest level that has so many.
    private func fullLevel(_ parts: [PartInfo], _ limit: Int) -> [PartInfo]? {
        for level in 0..<levelMax {
            let ofLevel = parts.filter { $0.level == level }
            if ofLevel.count < fanOut { continue }
            let candidate = smallest(ofLevel, atMostBytes: limit, count: fanOut)
            if candidate.count > 1 { return candidate }
        }
        return nil
    }

    /// As many of the smallest as fit, oldest first among equals.
    private func smallest(_ parts: [PartInfo], atMostBytes limit: Int, count: Int) -> [PartInfo] {
        var chosen: [PartInfo] = []
        var bytes = 0
        for part in parts.sorted(by: { ($0.bytes, $0.number) < ($1.bytes, $1.number) }).prefix(count) {
            if part.bytes > limit - bytes { break }
            bytes += part.bytes
            chosen.append(part)
        }
        return chosen.sorted { $0.number < $1.number }
    }

    /// What is cheap and takes many parts away comes first: low levels, then recent partitions.
    private func isBefore(_ a: [PartInfo], _ b: [PartInfo]) -> Bool {
        guard let first = a.first, let second = b.first else { return b.isEmpty }
        let (levelA, levelB) = (a.map(\.level).max() ?? 0, b.map(\.level).max() ?? 0)
        return levelA != levelB ? levelA < levelB : first.partition > second.partition
    }
}

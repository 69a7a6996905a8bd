/// Which parts to merge next. A pure function of what is known of them.
///
/// Parts of one partition and one level are merged when there are `fanOut` of them, the oldest ones first, into one of the
/// next level; a part of the highest level is never merged again. So no row is rewritten more than `levelMax` times,
/// whatever arrives in which order, and a partition of n flushes has at most `levelMax * (fanOut - 1)` parts that are not
/// final, and one final one for each `fanOut` to the power of `levelMax` flushes. What is left over in a partition that
/// nothing came to for a while is merged once more, as long as the levels allow it.
///
/// Within a partition everything of a higher level thereby stays older than anything of a lower one, and of two parts of
/// one level the one with the lower number is the older: the order of writing is known without being stored.
package struct MergePolicy: Sendable, Equatable {
    /// How many parts of a level are merged at a time: more means fewer rewrites and more parts for a query to look at.
    package var fanOut = 10
    /// The most times that a row is rewritten.
    package var levelMax = 4
    /// A merge makes no larger part than this, and none of more rows.
    package var partBytesMax = 8 << 30
    package var partRowsMax = Int.max
    /// How long nothing may have come to a partition before its leftovers are merged.
    package var quietMs: Int64 = 3_600_000

    package init() {}

    /// The parts to merge into one now, of one partition, in the order in which they came; empty if there is nothing to do.
    ///
    /// - Parameter parts: of each partition the oldest first.
    package func next(among parts: [PartInfo], nowMs: Int64) -> [PartInfo] {
        var full: [PartInfo] = []
        var quiet: [PartInfo] = []
        for (_, group) in Dictionary(grouping: parts, by: \.partition) {
            let open = group.filter { $0.level < levelMax }
            let candidate = fullLevel(open)
            if isBefore(candidate, full) { full = candidate }
            let newestMs = group.map(\.createdMs).max() ?? nowMs
            guard newestMs <= nowMs - quietMs else { continue }
            let leftovers = leftovers(open)
            if isBefore(leftovers, quiet) { quiet = leftovers }
        }
        return full.isEmpty ? quiet : full
    }

    /// The oldest `fanOut` parts of the lowest level that has so many, or as many of them as fit.
    private func fullLevel(_ parts: [PartInfo]) -> [PartInfo] {
        for level in 0..<levelMax {
            let ofLevel = parts.filter { $0.level == level }
            if ofLevel.count < fanOut { continue }
            let candidate = oldest(ofLevel.prefix(fanOut))
            if candidate.count > 1 { return candidate }
        }
        return []
    }

    /// Everything up to the highest level with which it fits.
    private func leftovers(_ parts: [PartInfo]) -> [PartInfo] {
        for level in (0..<levelMax).reversed() {
            let candidate = parts.filter { $0.level <= level }
            if candidate.count > 1, oldest(candidate[...]).count == candidate.count { return candidate }
        }
        return []
    }

    /// As many of the first as fit into one part.
    private func oldest(_ parts: ArraySlice<PartInfo>) -> [PartInfo] {
        var (bytes, rows) = (0, 0)
        return Array(
            parts.prefix { part in
                bytes += part.bytes
                rows += part.rows
                return bytes <= partBytesMax && rows <= partRowsMax
            })
    }

    /// What is cheap and takes many parts away comes first: low levels, then recent partitions.
    private func isBefore(_ a: [PartInfo], _ b: [PartInfo]) -> Bool {
        guard let first = a.first else { return false }
        guard let second = b.first else { return true }
        let (levelA, levelB) = (a.map(\.level).max() ?? 0, b.map(\.level).max() ?? 0)
        return levelA != levelB ? levelA < levelB : first.partition > second.partition
    }
}

extension PartInfo {
    /// Whether the rows of one part were written before those of the other; parts of one partition, as `MergePolicy` leaves
    /// them. Partitions are in ascending order.
    package static func isOlder(_ a: PartInfo, _ b: PartInfo) -> Bool {
        (a.partition, -a.level, a.number) < (b.partition, -b.level, b.number)
    }
}

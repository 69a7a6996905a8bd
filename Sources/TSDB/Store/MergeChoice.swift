import Parts

/// Which parts to merge next: the oldest of a level, so that a part of a higher level stays older than all of lower ones
/// and the later of two samples with one timestamp is known by the part that it is in.
struct MergeChoice {
    /// How many parts of a level are merged at a time.
    var fanOut: Int
    /// The most times that a sample is rewritten.
    var levelMax = 4
    /// A merge makes no larger part.
    var rowsMax: Int

    /// The parts to merge into one now, oldest first; empty where there is nothing to do.
    func next(among parts: [PartInfo]) -> [PartInfo] {
        var best: [PartInfo] = []
        for (_, group) in Dictionary(grouping: parts, by: \.partition) {
            let candidate = next(inPartition: group.sorted(by: PartAge.isOlder))
            if let first = candidate.first, best.isEmpty || first.level < best[0].level { best = candidate }
        }
        return best
    }

    private func next(inPartition parts: [PartInfo]) -> [PartInfo] {
        for level in 0..<levelMax {
            let ofLevel = parts.filter { $0.level == level }
            guard ofLevel.count >= fanOut else { continue }
            let candidate = Array(ofLevel.prefix(fanOut))
            if candidate.reduce(0, { $0 + $1.rows }) <= rowsMax { return candidate }
        }
        return []
    }
}

import LabelIndex
import Model
import Parts
import Storage

/// From when on the samples of a series are kept.
struct SeriesRetention: Sendable {
    private let cutoffMs: Int64?
    /// For each rule the series that it is about, sorted, without those of earlier rules.
    private let rules: [(cutoffMs: Int64, ids: [UInt64])]

    init(_ options: StoreOptions, _ view: StoreView, nowMs: Int64) throws(StorageError) {
        cutoffMs = options.retentionMs.map { nowMs.subtractingClamped($0) }
        var rules: [(cutoffMs: Int64, ids: [UInt64])] = []
        for rule in options.retentionRules {
            var ids: [UInt64] = []
            for segment in view.segments {
                do throws(LabelIndexError) {
                    try segment.index.matching(rule.matchers).forEach { ids.append(segment.index.id(Int($0))) }
                } catch {
                    throw .corrupt(file: segment.part.info.name, offset: error.offset, reason: error.reason)
                }
            }
            rules.append((nowMs.subtractingClamped(rule.retentionMs), ids.sorted()))
        }
        self.rules = rules
    }

    /// The oldest timestamp that is kept; nil where all are.
    func cutoffMs(of id: UInt64) -> Int64? {
        for rule in rules where Self.contains(rule.ids, id) {
            return max(rule.cutoffMs, cutoffMs ?? .min)
        }
        return cutoffMs
    }

    private static func contains(_ ids: [UInt64], _ id: UInt64) -> Bool {
        var (low, high) = (0, ids.count)
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low < ids.count && ids[low] == id
    }
}

import LabelIndex
import Model
import Parts

/// What of a part is not to be seen, though it is there: deleted entries, and those whose retention is over.
struct Exclusions: Sendable {
    private struct Exclusion: Sendable {
        var startNs: Int64
        var endNs: Int64
        /// By stream of the part; empty for all.
        var streams: [Bool]
    }

    private var exclusions: [Exclusion] = []

    init(_ part: LogPart, _ state: LogState, _ options: LogStoreOptions, nowMs: Int64) throws(LabelIndexError) {
        for deletion in state.deletions where deletion.number > part.deletionsApplied {
            var streams: [Bool] = []
            if !deletion.selectors.isEmpty {
                streams = try PartStreams.matching(any: deletion.selectors, in: part)
                if !streams.contains(true) { continue }
            }
            exclusions.append(Exclusion(startNs: deletion.startNs, endNs: deletion.endNs, streams: streams))
        }
        if let retentionMs = options.retentionMs {
            exclusions.append(
                Exclusion(startNs: .min, endNs: Self.lastExpired(retentionMs, nowMs), streams: []))
        }
        var claimed = [Bool](repeating: false, count: part.labels.count)
        for rule in options.retentionRules {
            var streams = try PartStreams.matching(any: [rule.matchers], in: part)
            for stream in streams.indices where streams[stream] {
                if claimed[stream] { streams[stream] = false } else { claimed[stream] = true }
            }
            if streams.contains(true) {
                exclusions.append(
                    Exclusion(startNs: .min, endNs: Self.lastExpired(rule.retentionMs, nowMs), streams: streams))
            }
        }
    }

    /// The last nanosecond of which nothing is kept.
    static func lastExpired(_ retentionMs: Int64, _ nowMs: Int64) -> Int64 {
        nowMs.addingClamped(-retentionMs).nanoseconds.addingClamped(-1)
    }

    var isEmpty: Bool { exclusions.isEmpty }

    func hides(_ stream: UInt32, _ timestampNs: Int64) -> Bool {
        exclusions.contains {
            timestampNs >= $0.startNs && timestampNs <= $0.endNs && ($0.streams.isEmpty || $0.streams[Int(stream)])
        }
    }

    /// Whether all of a stream within these times is hidden.
    func hidesAll(_ stream: UInt32, _ minNs: Int64, _ maxNs: Int64) -> Bool {
        exclusions.contains {
            minNs >= $0.startNs && maxNs <= $0.endNs && ($0.streams.isEmpty || $0.streams[Int(stream)])
        }
    }

    /// Whether anything of a block might be hidden.
    func mayHide(_ entry: BlockEntry) -> Bool {
        exclusions.contains { exclusion in
            guard entry.minNs <= exclusion.endNs, entry.maxNs >= exclusion.startNs else { return false }
            return exclusion.streams.isEmpty
                || exclusion.streams[Int(entry.firstStream)...Int(entry.lastStream)].contains(true)
        }
    }
}

enum PartStreams {
    /// For each stream of the part whether it satisfies all matchers of one of the selectors.
    static func matching(any selectors: [[Matcher]], in part: LogPart) throws(LabelIndexError) -> [Bool] {
        var streams = [Bool](repeating: false, count: part.labels.count)
        for matchers in selectors {
            try part.labels.matching(matchers).forEach { streams[Int($0)] = true }
        }
        return streams
    }
}

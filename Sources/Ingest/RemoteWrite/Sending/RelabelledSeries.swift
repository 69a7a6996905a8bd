import Model
import Storage

/// The labels under which series are sent, by their numbers in a feed: with the external labels, after
/// `write_relabel_configs`. Kept as long as samples of a series come.
struct RelabelledSeries {
    enum Found {
        /// In `bytes`.
        case labels(Range<Int>)
        /// The rules drop the series.
        case dropped
        /// The store has forgotten it.
        case unknown
    }

    /// Entries of one generation: what is beyond is made anew.
    private static let entriesMax = 4 << 20
    /// A series without a sample for one to two of these is forgotten.
    private static let generationNs: Int64 = 600_000_000_000

    private struct Generation {
        var ranges: [UInt64: Range<Int>] = [:]
        var bytes: [UInt8] = []
    }

    private let feed: any SampleFeed
    private let external: [String: String]
    private let rules: [RelabelRule]
    private var young = Generation()
    private var old = Generation()
    private var begunNs: Int64

    init(_ feed: any SampleFeed, external: [String: String], rules: [RelabelRule], nowNs: Int64) {
        (self.feed, self.external, self.rules) = (feed, external, rules)
        begunNs = nowNs
    }

    var bytes: [UInt8] { young.bytes }

    /// Forgets what was not asked for lately. Ranges that were handed out are void then.
    mutating func rotate(nowNs: Int64) {
        guard nowNs - begunNs >= Self.generationNs || young.ranges.count >= Self.entriesMax else { return }
        old = young
        young = Generation()
        begunNs = nowNs
    }

    mutating func find(_ id: UInt64) -> Found {
        if let range = young.ranges[id] { return range.isEmpty ? .dropped : .labels(range) }
        let start = young.bytes.count
        if let range = old.ranges[id] {
            young.bytes += old.bytes[range]
        } else {
            guard feed.appendLabels(ofSeries: id, to: &young.bytes) else { return .unknown }
            relabel(from: start)
        }
        let range = start..<young.bytes.count
        young.ranges[id] = range
        return range.isEmpty ? .dropped : .labels(range)
    }

    /// Rewrites the labels at the end of the bytes; nothing is left of those that are dropped.
    private mutating func relabel(from start: Int) {
        if external.isEmpty && rules.isEmpty { return }
        let labels = Labels(canonical: Array(young.bytes[start...]))
        young.bytes.removeLast(young.bytes.count - start)
        young.bytes += relabelled(labels).bytes
    }

    /// Empty where the rules drop it.
    func relabelled(_ labels: Labels) -> Labels {
        var builder = LabelsBuilder(labels)
        for (name, value) in external where !builder.contains(name) { builder.set(name, value) }
        return rules.apply(to: &builder) ? builder.labels() : .empty
    }
}

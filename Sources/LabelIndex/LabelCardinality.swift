import Model

/// Which names, values and pairs make the most series: counted over all forms of the index without making a series.
package struct LabelCardinality: Sendable {
    package typealias Count = (name: String, count: Int)

    package private(set) var series = 0
    package private(set) var names = 0
    package private(set) var pairs = 0
    package var seriesByMetricName: [Count] { metrics.found }
    package var seriesByPair: [Count] { topPairs.found }
    package var valuesByName: [Count] { values.found }
    /// Bytes of the values of each label, once for each series that carries them.
    package var bytesByName: [Count] { bytes.found }
    /// Series whose id is at least the one that was asked for.
    package private(set) var recent = 0
    package var recentByMetricName: [Count] { recentMetrics.found }

    private var metrics: TopCounts
    private var topPairs: TopCounts
    private var values: TopCounts
    private var bytes: TopCounts
    private var recentMetrics: TopCounts

    /// - Parameters:
    ///   - limit: the most entries of each list.
    ///   - recentID: series from this id on are counted apart.
    package init(
        memory: [MemoryLabelIndex], segments: [LabelSegment], limit: Int, recentFrom recentID: UInt64 = .max
    ) throws(LabelIndexError) {
        metrics = TopCounts(limit)
        topPairs = TopCounts(limit)
        values = TopCounts(limit)
        bytes = TopCounts(limit)
        recentMetrics = TopCounts(limit)
        let sources = memory.map { Source($0, recentID) } + segments.map { Source($0, recentID) }
        for source in sources {
            series += source.index.count
            recent += source.index.count - source.recentOrdinal
        }
        for place in sources.indices {
            var own: [[UInt8]] = []
            sources[place].index.forEachName { name in own.append(name.indices.map { name[$0] }) }
            for name in own where !sources[..<place].contains(where: { $0.index.hasName(name.span) }) {
                try add(name, sources[place...])
            }
        }
    }

    private struct Source {
        let index: any LabelSource
        /// The first series to be counted apart.
        let recentOrdinal: Int

        init(_ index: any LabelSource, _ recentID: UInt64) {
            self.index = index
            recentOrdinal = index.firstOrdinal(fromID: recentID)
        }
    }

    /// Counts a label and its values; none of the sources left out has it.
    private mutating func add(_ name: [UInt8], _ sources: ArraySlice<Source>) throws(LabelIndexError) {
        names += 1
        let isMetricName = name.elementsEqual(Labels.metricName.utf8)
        let text = String(decoding: name, as: UTF8.self)
        let anyValue: [UInt8] = []
        var (distinct, weight) = (0, 0)
        for place in sources.indices {
            let (earlier, later) = (sources[..<place], sources[(place + 1)...])
            try sources[place].index.forEachPair(of: name.span, startingWith: anyValue.span) {
                pair, value throws(LabelIndexError) in
                if earlier.contains(where: { $0.index.pair(name.span, value) != nil }) { return }
                var count = try Self.count(pair, in: sources[place])
                for other in later {
                    guard let pair = other.index.pair(name.span, value) else { continue }
                    let own = try Self.count(pair, in: other)
                    count = (count.all + own.all, count.recent + own.recent)
                }
                guard count.all > 0 else { return }
                distinct += 1
                weight += value.count * count.all
                topPairs.add(count.all) { "\(text)=\(Self.text(value))" }
                if isMetricName {
                    metrics.add(count.all) { Self.text(value) }
                    if count.recent > 0 { recentMetrics.add(count.recent) { Self.text(value) } }
                }
            }
        }
        pairs += distinct
        values.add(distinct) { text }
        bytes.add(weight) { text }
    }

    private static func count(_ pair: UInt32, in source: Source) throws(LabelIndexError) -> (all: Int, recent: Int) {
        if source.recentOrdinal == source.index.count { return (try source.index.seriesCount(ofPair: pair), 0) }
        let set = try source.index.postings(pair)
        return (set.count, set.count(from: UInt32(source.recentOrdinal)))
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        unsafe bytes.withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

/// The largest of any number of counts, those of one size by name; a name is only made where it may be kept.
private struct TopCounts: Sendable {
    private let limit: Int
    private(set) var found: [LabelCardinality.Count] = []

    init(_ limit: Int) { self.limit = limit }

    mutating func add(_ count: Int, _ name: () -> String) {
        if found.count >= limit {
            guard let least = found.last, count >= least.count else { return }
        }
        let new = (name: name(), count: count)
        found.insert(new, at: found.partitioningIndex { Self.isBefore(new, $0) })
        if found.count > limit { found.removeLast() }
    }

    private static func isBefore(_ a: LabelCardinality.Count, _ b: LabelCardinality.Count) -> Bool {
        a.count != b.count ? a.count > b.count : a.name.utf8.lexicographicallyPrecedes(b.name.utf8)
    }
}

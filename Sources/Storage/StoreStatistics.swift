/// What a metric store holds and what makes it large, told from its index without reading a sample.
package struct StoreStatistics: Sendable, Equatable {
    /// One line of a list: a name and how much of something it has.
    package struct Count: Sendable, Equatable {
        package var name: String
        package var count: Int

        package init(name: String, count: Int) {
            self.name = name
            self.count = count
        }
    }

    /// Series that were made in the last hour, or since the store was opened where that is later.
    package struct Churn: Sendable, Equatable {
        package var sinceMs: Int64 = 0
        package var created = 0
        package var createdByMetricName: [Count] = []

        package init() {}
    }

    /// Series in the index, whether they still get samples or not.
    package var series = 0
    /// Series that got a sample lately.
    package var activeSeries = 0
    package var labelNames = 0
    /// Different pairs of a label and its value.
    package var labelPairs = 0

    /// Samples and histograms in memory and at rest; one that is in several parts counts several times.
    package var samplesInHead = 0
    package var samplesAtRest = 0
    /// First and last timestamp; nil for an empty store.
    package var timesMs: ClosedRange<Int64>?

    package var parts = 0
    /// Bytes of all parts, the index included.
    package var storedBytes = 0
    package var indexBytes = 0
    package var logBytes = 0

    // The largest first, at most as many as were asked for.

    package var seriesByMetricName: [Count] = []
    package var seriesByLabelPair: [Count] = []
    package var valuesByLabelName: [Count] = []
    /// Bytes of the values of each label, once for each series that carries them.
    package var bytesByLabelName: [Count] = []
    /// About how many bytes the samples of each metric take at rest.
    package var storedBytesByMetricName: [Count] = []
    package var churn = Churn()

    package init() {}
}

extension StoreStatistics {
    /// The largest of the counts, those of one size by name.
    package static func top(_ counts: [String: Int], _ limit: Int) -> [Count] {
        let sorted = counts.sorted {
            $0.value != $1.value ? $0.value > $1.value : $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
        }
        return sorted.prefix(limit).map { Count(name: $0.key, count: $0.value) }
    }
}

package import Model
package import Posix

/// The seam between those who bring or ask metrics and whoever keeps them. Both sides move blocks.
///
/// All functions are safe to call from several threads at once.
package protocol MetricStore: AnyObject, Sendable {
    /// Fills `reference` for each series of the batch whose key the store knows. A reference stays good for at least
    /// a minute after it was resolved.
    func resolve(_ batch: inout SampleBatch)

    /// Takes a batch: what is accepted is kept before this returns, and visible to every later `select`. Fills the
    /// references of series that brought labels.
    func append(_ batch: inout SampleBatch) throws(StorageError) -> AppendOutcome

    func select(_ request: SelectRequest) throws(StorageError) -> any SeriesSelection

    /// Names of labels of the series that match any of the selectors (all series for none) and have samples in the
    /// range, sorted.
    func labelNames(_ request: LabelRequest) throws(StorageError) -> [String]
    func labelValues(_ name: String, _ request: LabelRequest) throws(StorageError) -> [String]
    /// The label sets themselves, sorted, each once.
    func series(_ request: LabelRequest) throws(StorageError) -> [Labels]

    func exemplars(_ request: LabelRequest) throws(StorageError) -> [SeriesExemplars]
    /// What senders told of metric families; of all where `family` is nil.
    func metadata(family: String?, limit: Int) throws(StorageError) -> [MetricMetadata]

    /// What the store holds, with at most `limit` entries in each list of what is largest.
    func statistics(limit: Int) throws(StorageError) -> StoreStatistics

    /// Makes the samples of the matching series within the range invisible at once and gone at the next merge.
    func delete(_ request: LabelRequest) throws(StorageError)

    /// What is settled; nil where the store does not know, so that nobody keeps what was made of its samples.
    var settled: SettledMark? { get }
}

extension MetricStore {
    package var settled: SettledMark? { nil }
}

/// Up to when samples are expected to stay as they are, and whether they did.
package struct SettledMark: Sendable, Equatable {
    /// Counts up after a sample of the settled time came or went: what was made of such samples before is void.
    package var epoch: UInt64
    /// The last settled instant.
    package var untilMs: Int64

    package init(epoch: UInt64, untilMs: Int64) {
        self.epoch = epoch
        self.untilMs = untilMs
    }
}

/// A question about labels rather than samples.
package struct LabelRequest: Sendable {
    /// A series is meant if it satisfies all matchers of one of these; an empty list means every series.
    package var selectors: [[Matcher]]
    package var startMs: Int64
    package var endMs: Int64
    /// The most results to return.
    package var limit: Int
    package var cancellation: Cancellation

    package init(
        selectors: [[Matcher]] = [], startMs: Int64 = .min, endMs: Int64 = .max, limit: Int = .max,
        cancellation: Cancellation = Cancellation()
    ) {
        self.selectors = selectors
        self.startMs = startMs
        self.endMs = endMs
        self.limit = limit
        self.cancellation = cancellation
    }
}

package struct SeriesExemplars: Sendable {
    package struct Exemplar: Sendable {
        package var labels: Labels
        package var value: Double
        package var timestampMs: Int64

        package init(labels: Labels, value: Double, timestampMs: Int64) {
            self.labels = labels
            self.value = value
            self.timestampMs = timestampMs
        }
    }

    package var series: Labels
    package var exemplars: [Exemplar]

    package init(series: Labels, exemplars: [Exemplar]) {
        self.series = series
        self.exemplars = exemplars
    }
}

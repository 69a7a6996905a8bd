package import Model

/// What a store accepted, in the order in which it did, for those who send it on: its log, read from a place that the
/// reader keeps. Reading holds no writer back.
///
/// All functions are safe to call from several threads at once.
package protocol SampleFeed: AnyObject, Sendable {
    /// Behind everything that was accepted so far.
    var end: FeedPosition { get }
    /// The oldest place from where everything can still be read.
    var beginning: FeedPosition { get }

    /// Adds what follows `position` to the batch, until it holds at least `samplesMax` samples and histograms or there is
    /// no more. What is gone from the log is passed over.
    ///
    /// - Returns: the place behind what was read.
    func read(
        from position: FeedPosition, atMost samplesMax: Int, into batch: inout FeedBatch
    ) throws(StorageError) -> FeedPosition

    /// Appends the canonical labels of a series that the feed named. False where the store no longer knows it.
    func appendLabels(ofSeries id: UInt64, to bytes: inout [UInt8]) -> Bool

    /// Keeps what follows the place of a reader in the log, as far as the log's own bound allows. Nil: the reader has gone.
    func keep(from position: FeedPosition?, for reader: String)
}

/// A place in a feed. It only grows, over restarts too.
package struct FeedPosition: Hashable, Comparable, Sendable {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value }

    package static func < (a: FeedPosition, b: FeedPosition) -> Bool { a.value < b.value }
}

/// A stretch of a feed, in columns.
package struct FeedBatch: Sendable {
    package struct Exemplar: Sendable {
        package var series: Labels
        package var exemplar: SeriesExemplars.Exemplar

        package init(series: Labels, exemplar: SeriesExemplars.Exemplar) {
            self.series = series
            self.exemplar = exemplar
        }
    }

    /// The series of each sample, beside its timestamp, value and start (zero where nobody says).
    package var ids: [UInt64] = []
    package var timestampsMs: [Int64] = []
    package var values: [Double] = []
    package var startTimestampsMs: [Int64] = []
    package var histograms: [(id: UInt64, histogram: SampleBatch.Histogram)] = []
    package var exemplars: [Exemplar] = []

    package init() {}

    /// Samples and histograms.
    package var count: Int { ids.count + histograms.count }
    package var isEmpty: Bool { count == 0 && exemplars.isEmpty }

    package mutating func removeAll() {
        ids.removeAll(keepingCapacity: true)
        timestampsMs.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        startTimestampsMs.removeAll(keepingCapacity: true)
        histograms.removeAll(keepingCapacity: true)
        exemplars.removeAll(keepingCapacity: true)
    }
}

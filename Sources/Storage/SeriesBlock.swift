package import Model

/// Samples of consecutive series of a selection in columns. The reader owns it and reuses it.
///
/// Series that were scraped together share one run of timestamps, so a run is named by its start apart from the
/// values: equal `timestampStart` and `count` mean equal timestamps, and a reader may share what it derives from them.
package struct SeriesBlock: Sendable {
    package struct Floats: Sendable {
        package var timestampStart: Int
        package var valueStart: Int
        package var count: Int

        package init(timestampStart: Int, valueStart: Int, count: Int) {
            self.timestampStart = timestampStart
            self.valueStart = valueStart
            self.count = count
        }
    }

    /// One for each series of the block, in order.
    package var floats: [Floats] = []
    package var timestampsMs: [Int64] = []
    package var values: [Double] = []
    /// When counting began, beside `values` (by `valueStart`); empty where no series of the block knows.
    package var startTimestampsMs: [Int64] = []

    /// Where the histograms of series `i` lie: `histogramOffsets[i]..<histogramOffsets[i + 1]`. A series may hold
    /// both kinds, never at one timestamp.
    package var histogramOffsets: [Int] = [0]
    package var histograms: [SampleBatch.Histogram] = []

    package init() {}

    package var count: Int { floats.count }

    /// What its columns take, whether they are filled or not.
    package var reservedBytes: Int {
        (timestampsMs.capacity + values.capacity + startTimestampsMs.capacity) * 8
            + floats.capacity * MemoryLayout<Floats>.stride
    }

    package mutating func removeAll() {
        floats.removeAll(keepingCapacity: true)
        timestampsMs.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        startTimestampsMs.removeAll(keepingCapacity: true)
        histogramOffsets.removeAll(keepingCapacity: true)
        histogramOffsets.append(0)
        histograms.removeAll(keepingCapacity: true)
    }
}

package import Encoding

/// What one request or scrape brings, in columns. Decoders fill it, the store takes it; both reuse it, so that the
/// steady state allocates nothing.
///
/// A series is known to the store by its key, a 128-bit hash of the bytes by which the sender names it (seeded per
/// process, so that nobody can aim for a collision). The canonical labels are written only where the store did not
/// know the key: `MetricStore.resolve`, then `setLabels` for what is unresolved, then `MetricStore.append`.
package struct SampleBatch: Sendable {
    package typealias Key = Hash128

    /// A series' number in the store. Zero: not known yet.
    package struct Reference: Hashable, Sendable {
        package var raw: UInt64
        @inlinable
        package init(_ raw: UInt64) { self.raw = raw }
        @inlinable
        package static var unresolved: Reference { Reference(0) }
        @inlinable
        package static func == (a: Self, b: Self) -> Bool { a.raw == b.raw }
    }

    package struct Series: Sendable {
        package var key: Key
        package var reference: Reference
        /// Canonical labels in `labelBytes`; empty while they are not written.
        package var labels: Range<Int>
        /// The series' samples in `timestampsMs` and `values`.
        package var samples: Range<Int>
        /// Its histograms in `histograms`.
        package var histograms: Range<Int>

        @inlinable
        package init(
            key: Key, reference: Reference = .unresolved, labels: Range<Int> = 0..<0, samples: Range<Int>,
            histograms: Range<Int> = 0..<0
        ) {
            self.key = key
            self.reference = reference
            self.labels = labels
            self.samples = samples
            self.histograms = histograms
        }
    }

    package struct Histogram: Sendable, Equatable {
        package var timestampMs: Int64
        /// When the counting began; zero where the sender does not say.
        package var startTimestampMs: Int64
        package var value: NativeHistogram

        package init(timestampMs: Int64, startTimestampMs: Int64 = 0, value: NativeHistogram) {
            self.timestampMs = timestampMs
            self.startTimestampMs = startTimestampMs
            self.value = value
        }
    }

    package struct Exemplar: Sendable {
        /// Index in `series`.
        package var series: Int
        package var labels: Labels
        package var value: Double
        package var timestampMs: Int64

        package init(series: Int, labels: Labels, value: Double, timestampMs: Int64) {
            self.series = series
            self.labels = labels
            self.value = value
            self.timestampMs = timestampMs
        }
    }

    package var series: [Series] = []
    package var labelBytes: [UInt8] = []
    package var timestampsMs: [Int64] = []
    package var values: [Double] = []
    /// Start timestamps beside `timestampsMs`; empty where no sample of the batch has one, otherwise as long as it.
    package var startTimestampsMs: [Int64] = []
    package var histograms: [Histogram] = []
    package var exemplars: [Exemplar] = []
    package var metadata: [MetricMetadata] = []

    package init() {}

    package mutating func removeAll() {
        series.removeAll(keepingCapacity: true)
        labelBytes.removeAll(keepingCapacity: true)
        timestampsMs.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        startTimestampsMs.removeAll(keepingCapacity: true)
        histograms.removeAll(keepingCapacity: true)
        exemplars.removeAll(keepingCapacity: true)
        metadata.removeAll(keepingCapacity: true)
    }

    /// Adds a series with its labels; the way of tests and of rules, where speed is no matter.
    package mutating func append(_ labels: Labels, _ samples: [(timestampMs: Int64, value: Double)]) {
        let labelStart = labelBytes.count
        labelBytes.append(contentsOf: labels.bytes)
        let sampleStart = values.count
        for sample in samples {
            timestampsMs.append(sample.timestampMs)
            values.append(sample.value)
        }
        series.append(
            Series(
                key: Key(low: labels.hash, high: ~labels.hash), labels: labelStart..<labelBytes.count,
                samples: sampleStart..<values.count))
    }
}

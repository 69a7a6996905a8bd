import Encoding
package import Model

/// What a page holds that is not text: series are written as text would have them, so that one way leads on from here.
package struct ExpositionPage: Sendable {
    package struct Row: Sendable {
        /// Name and labels in `text`, readable by `ExpositionReader`.
        package var series: Range<Int>
        package var value: Double
        package var timestampMs: Int64?
        /// When the counting began; zero where nobody says.
        package var startTimestampMs: Int64
        /// Index in `histograms`; -1 for a plain value.
        package var histogram: Int
        package var exemplars: Range<Int>
        /// Of the TYPE before it.
        package var kind = MetricMetadata.Kind.unknown
        /// What that TYPE is about: an index in `metadata`; -1 without one.
        package var family = -1
    }

    package struct Exemplar: Sendable {
        package var labels: Labels
        package var value: Double
        package var timestampMs: Int64?
    }

    package var text: [UInt8] = []
    package var rows: [Row] = []
    package var histograms: [NativeHistogram] = []
    package var exemplars: [Exemplar] = []
    package var metadata: [MetricMetadata] = []

    package init() {}

    package mutating func removeAll() {
        text.removeAll(keepingCapacity: true)
        rows.removeAll(keepingCapacity: true)
        histograms.removeAll(keepingCapacity: true)
        exemplars.removeAll(keepingCapacity: true)
        metadata.removeAll(keepingCapacity: true)
    }
}

import Encoding

/// One metric name with everything under it, read at one moment.
package struct MetricFamily: Sendable {
    /// As the text format has it: counters end in `_total`.
    package let name: String
    package let help: String
    package let kind: MetricKind
    package let unit: MetricUnit
    package let points: [MetricPoint]
}

/// One label set of a family, read at one moment.
package struct MetricPoint: Sendable {
    package let labels: [LabelPair]
    package let reading: MetricReading
    /// When the child came into being; nil where a callback reads what is older than the process.
    package let createdMs: Int64?
}

extension MetricFamily {
    /// Calls `body` with each sample as the text format would show it: name, labels, value.
    ///
    /// This is how the collector records its own metrics without HTTP. A native histogram shows its sum and count.
    package func forEachSample(_ body: (_ name: String, _ labels: [LabelPair], _ value: Double) -> Void) {
        for point in points {
            switch point.reading {
            case .number(let value, _):
                body(name, point.labels, value)
            case .histogram(let histogram):
                for bucket in histogram.buckets {
                    let bound = LabelPair("le", FloatText.openMetrics(bucket.upperBound))
                    body(name + "_bucket", point.labels + [bound], Double(bucket.cumulativeCount))
                }
                body(name + "_sum", point.labels, histogram.sum)
                body(name + "_count", point.labels, Double(histogram.count))
            }
        }
    }
}

package import Model

/// What senders told of metric families, by the names of their series.
package struct MetricFamilies: Sendable {
    private var byName: [String: MetricMetadata] = [:]

    package init(_ metadata: [MetricMetadata] = []) {
        for family in metadata { byName[family.family] = family }
    }

    var isEmpty: Bool { byName.isEmpty }

    /// What is told of the family of a series; its samples may be named by the family with something behind it.
    func family(of labels: Span<UInt8>) -> MetricMetadata? {
        guard let range = LabelCursor.valueRange(of: Labels.metricName.utf8.span, in: labels) else { return nil }
        let name = labels.extracting(range).text
        if let exact = byName[name] { return exact }
        for suffix in Self.suffixes where name.hasSuffix(suffix) {
            if let family = byName[String(name.dropLast(suffix.count))] { return family }
        }
        return nil
    }

    private static let suffixes = ["_total", "_bucket", "_sum", "_count", "_created", "_info"]
}

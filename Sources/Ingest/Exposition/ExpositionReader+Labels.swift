import Encoding
package import Model

/// Labels and texts of the current entry, with their escapes resolved.
extension ExpositionReader {
    /// Adds the name and the labels of the current series.
    package func write(into builder: inout LabelsBuilder) {
        builder.append(Self.metricName.utf8.span, unescaped(name).span)
        for label in labels {
            let name = unescaped(label.name)
            builder.append(name.span, normalised(unescaped(label.value), of: name).span)
        }
    }

    private static let metricName = Labels.metricName

    package var metricName: String { String(decoding: unescaped(name), as: UTF8.self) }

    /// What HELP or UNIT say.
    package var metadataText: String { String(decoding: unescaped(text, quotes: false), as: UTF8.self) }

    /// Takes what the current comment, HELP, TYPE or UNIT, says of its family; others say nothing.
    func noteMetadata(_ entry: Item, in metadata: inout [MetricMetadata]) {
        guard entry != .comment, entry != .series else { return }
        let family = metricName
        if metadata.last?.family != family { metadata.append(MetricMetadata(family: family, kind: .unknown)) }
        let last = metadata.count - 1
        switch entry {
        case .type: metadata[last].kind = kind
        case .help: metadata[last].help = metadataText
        default: metadata[last].unit = metadataText
        }
    }

    /// Labels, value and time of the exemplar; its labels in canonical form, nil where a name occurs twice.
    package func exemplarLabels(_ exemplar: Exemplar) -> Labels? {
        var builder = LabelsBuilder()
        for label in exemplar.labels { builder.append(unescaped(label.name).span, unescaped(label.value).span) }
        var bytes: [UInt8] = []
        return builder.write(into: &bytes) ? Labels(canonical: bytes) : nil
    }

    /// `\\`, `\n` and, but in help, `\"`; other escapes stay as they are.
    func unescaped(_ range: Range<Int>, quotes: Bool = true) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        var at = range.lowerBound
        while at < range.upperBound {
            var byte = page[at]
            if byte == UInt8(ascii: "\\"), at + 1 < range.upperBound {
                switch page[at + 1] {
                case UInt8(ascii: "\\"): at += 1
                case UInt8(ascii: "n"):
                    byte = UInt8(ascii: "\n")
                    at += 1
                case UInt8(ascii: "\"") where quotes:
                    byte = UInt8(ascii: "\"")
                    at += 1
                default: break
                }
            }
            bytes.append(byte)
            at += 1
        }
        return bytes
    }

    /// Bounds of buckets and quantiles as OpenMetrics writes floats, so that `1` and `1.0` are one series.
    private func normalised(_ value: [UInt8], of name: [UInt8]) -> [UInt8] {
        let isBound =
            kind == .histogram && name.elementsEqual("le".utf8)
            || kind == .summary && name.elementsEqual("quantile".utf8)
        guard isBound, let number = FloatReading.float(String(decoding: value, as: UTF8.self)) else { return value }
        return Array(FloatText.openMetrics(number == 0 ? 0 : number).utf8)
    }
}

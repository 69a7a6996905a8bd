import Encoding

/// Writes metric families in the text format 0.0.4 or in OpenMetrics 1.0.
struct TextWriter {
    let openMetrics: Bool
    /// Whether counters and histograms show when they began; OpenMetrics only.
    let createdLines: Bool
    private(set) var bytes: [UInt8] = []

    init(openMetrics: Bool, createdLines: Bool) {
        self.openMetrics = openMetrics
        self.createdLines = createdLines
        bytes.reserveCapacity(16_384)
    }

    mutating func append(_ family: MetricFamily) {
        // OpenMetrics names a counter's family without the suffix that its sample has.
        let familyName =
            openMetrics && family.kind == .counter ? String(family.name.dropLast("_total".count)) : family.name
        line("# HELP ", familyName, " ")
        appendEscaped(family.help, quotes: openMetrics)
        line("\n# TYPE ", familyName, " ", family.kind.rawValue, "\n")
        if openMetrics, let unit = family.unit.word { line("# UNIT ", familyName, " ", unit, "\n") }
        for point in family.points {
            switch point.reading {
            case .number(let value, let exemplar):
                sample(family.name, point.labels, value: FloatText.sample(value), exemplar: exemplar)
            case .histogram(let histogram):
                append(histogram, of: family.name, labels: point.labels)
            }
            if openMetrics, createdLines, family.kind != .gauge, let createdMs = point.createdMs {
                sample(familyName + "_created", point.labels, value: Self.seconds(createdMs), exemplar: nil)
            }
        }
    }

    private mutating func append(_ histogram: HistogramReading, of name: String, labels: [LabelPair]) {
        for bucket in histogram.buckets {
            sample(
                name + "_bucket", labels + [LabelPair("le", FloatText.openMetrics(bucket.upperBound))],
                value: String(bucket.cumulativeCount), exemplar: bucket.exemplar)
        }
        sample(name + "_sum", labels, value: FloatText.sample(histogram.sum), exemplar: nil)
        sample(name + "_count", labels, value: String(histogram.count), exemplar: nil)
    }

    private mutating func sample(_ name: String, _ labels: [LabelPair], value: String, exemplar: Exemplar?) {
        line(name)
        if !labels.isEmpty { append(labels) }
        line(" ", value)
        if openMetrics, let exemplar {
            line(" # ")
            append(exemplar.labels)
            line(" ", FloatText.sample(exemplar.value), " ", Self.seconds(exemplar.wallMs))
        }
        line("\n")
    }

    private mutating func append(_ labels: [LabelPair]) {
        var separator = "{"
        for label in labels {
            line(separator, label.name, "=\"")
            appendEscaped(label.value, quotes: true)
            line("\"")
            separator = ","
        }
        line(labels.isEmpty ? "{}" : "}")
    }

    /// The line that ends an OpenMetrics page and tells it from one that was cut off.
    mutating func end() {
        if openMetrics { line("# EOF\n") }
    }

    private mutating func line(_ parts: String...) {
        for part in parts { bytes.append(contentsOf: part.utf8) }
    }

    private mutating func appendEscaped(_ text: String, quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): line("\\\\")
            case UInt8(ascii: "\n"): line("\\n")
            case UInt8(ascii: "\"") where quotes: line("\\\"")
            default: bytes.append(byte)
            }
        }
    }

    private static func seconds(_ wallMs: Int64) -> String {
        let fraction = String(wallMs % 1_000)
        return "\(wallMs / 1_000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }
}

import Encoding
import Model

/// Writes samples, sorted by name, as families of a page.
struct FederationWriter {
    private let format: FederationFormat
    private let externalLabels: ExternalLabels
    private(set) var bytes: [UInt8] = []
    private var family: Family?
    /// Of the family, where it is one message.
    private var message = ProtobufWriter()

    private enum Kind: UInt64 {
        case untyped = 3
        case histogram = 4
        case gaugeHistogram = 5

        var word: String {
            switch self {
            case .untyped: "untyped"
            case .histogram: "histogram"
            case .gaugeHistogram: "gaugehistogram"
            }
        }
    }

    private struct Family: Equatable {
        var name: String
        var kind: Kind
    }

    init(_ format: FederationFormat, _ externalLabels: ExternalLabels) {
        self.format = format
        self.externalLabels = externalLabels
    }

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(_ sample: FederatedSample) {
        var classic: ClassicHistogram?
        var kind = Kind.untyped
        if let histogram = sample.histogram {
            if histogram.schema == NativeHistogram.customBoundsSchema { classic = ClassicHistogram(histogram) }
            // No line of text can carry an exponential histogram.
            guard classic != nil || format.kind == .protobuf else { return }
            kind = histogram.counterResetHint == .gauge ? .gaugeHistogram : .histogram
        }
        begin(Family(name: written(sample.name), kind: kind))
        let labels = labels(sample)
        switch format.kind {
        case .text:
            if let classic { return text(classic, labels, sample) }
            line(family?.name ?? "", labels, FloatText.general(sample.value), sample.timeMs)
        case .protobuf: protobuf(sample, classic, labels)
        }
    }

    mutating func finish() {
        guard format.kind == .protobuf, !message.bytes.isEmpty else { return }
        bytes.appendVarint(UInt64(message.bytes.count))
        bytes += message.bytes
        message.bytes.removeAll(keepingCapacity: true)
    }

    private mutating func begin(_ next: Family) {
        guard family != next else { return }
        finish()
        family = next
        switch format.kind {
        case .text: text("# TYPE \(quotedWhereNeeded(next.name)) \(next.kind.word)\n")
        case .protobuf:
            message.string(1, next.name)
            message.varint(3, next.kind.rawValue)
        }
    }

    /// The series' own, the external ones that it has not, and always an instance: without one the scraping Prometheus
    /// would put its target's there.
    private func labels(_ sample: FederatedSample) -> [(name: String, value: String)] {
        let own = sample.labels.pairs.filter { $0.name != Labels.metricName }
        var more = externalLabels.missing(in: own)
        if !(own + more).contains(where: { $0.name == "instance" }) { more.append(("instance", "")) }
        more.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return (own + more).map { (written($0.name), $0.value) }
    }

    private func written(_ name: String) -> String {
        if format.allowsUTF8 || NameValidation.legacy.isValidMetricName(name) { return name }
        var escaped = ""
        for (index, scalar) in name.unicodeScalars.enumerated() {
            let isDigit = ("0"..."9").contains(scalar)
            let isWord =
                ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_" || scalar == ":"
                || isDigit && index > 0
            escaped.unicodeScalars.append(isWord ? scalar : "_")
        }
        return escaped
    }
}

/// Lines of the text format 0.0.4.
extension FederationWriter {
    private mutating func text(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func text(
        _ histogram: ClassicHistogram, _ labels: [(name: String, value: String)], _ sample: FederatedSample
    ) {
        let name = family?.name ?? ""
        for bucket in histogram.buckets {
            let bounded = labels + [("le", FloatText.general(bucket.bound))]
            line(name + "_bucket", bounded, FloatText.general(bucket.cumulative), sample.timeMs)
        }
        line(name + "_bucket", labels + [("le", "+Inf")], FloatText.general(histogram.count), sample.timeMs)
        line(name + "_sum", labels, FloatText.general(histogram.sum), sample.timeMs)
        line(name + "_count", labels, FloatText.general(histogram.count), sample.timeMs)
    }

    private mutating func line(
        _ name: String, _ labels: [(name: String, value: String)], _ value: String, _ timeMs: Int64
    ) {
        let isPlain = NameValidation.legacy.isValidMetricName(name)
        var separator = "{"
        if isPlain {
            text(name)
        } else {
            text("{\(Self.quoted(name))")
            separator = ","
        }
        for label in labels {
            let name = NameValidation.legacy.isValidLabelName(label.name) ? label.name : Self.quoted(label.name)
            text("\(separator)\(name)=\(Self.quoted(label.value))")
            separator = ","
        }
        text("} \(value) \(timeMs)\n")
    }

    private func quotedWhereNeeded(_ name: String) -> String {
        NameValidation.legacy.isValidMetricName(name) ? name : Self.quoted(name)
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\"": quoted += "\\\""
            default: quoted.unicodeScalars.append(character)
            }
        }
        return quoted + "\""
    }
}

/// `Metric` messages.
extension FederationWriter {
    private mutating func protobuf(
        _ sample: FederatedSample, _ classic: ClassicHistogram?, _ labels: [(name: String, value: String)]
    ) {
        message.message(4) { metric in
            for label in labels {
                metric.message(1) { pair in
                    pair.string(1, label.name)
                    pair.string(2, label.value)
                }
            }
            if let classic {
                metric.message(7) { Self.write(classic, &$0) }
            } else if let histogram = sample.histogram {
                metric.message(7) { Self.write(histogram, &$0) }
            } else {
                metric.message(5) { $0.double(1, sample.value) }
            }
            metric.int64(6, sample.timeMs)
        }
    }

    private static func write(_ histogram: ClassicHistogram, _ writer: inout ProtobufWriter) {
        writer.double(2, histogram.sum)
        for bucket in histogram.buckets {
            writer.message(3) { message in
                message.double(2, bucket.bound)
                message.double(4, bucket.cumulative)
            }
        }
        writer.double(4, histogram.count)
    }

    private static func write(_ histogram: NativeHistogram, _ writer: inout ProtobufWriter) {
        let counts = histogram.floatCounts
        writer.double(2, histogram.sum)
        writer.double(4, counts.count)
        writer.zigZag(5, Int64(histogram.schema))
        writer.double(6, histogram.zeroThreshold)
        writer.double(8, counts.zero)
        spans(9, histogram.negativeSpans, &writer)
        for count in counts.negative { writer.double(11, count) }
        spans(12, histogram.positiveSpans, &writer)
        for count in counts.positive { writer.double(14, count) }
    }

    private static func spans(_ number: UInt32, _ spans: [NativeHistogram.Span], _ writer: inout ProtobufWriter) {
        for span in spans {
            writer.message(number) { message in
                message.zigZag(1, Int64(span.offset))
                message.varint(2, UInt64(span.length))
            }
        }
    }
}

/// A histogram with custom bounds as the cumulative buckets of old.
private struct ClassicHistogram {
    var buckets: [(bound: Double, cumulative: Double)] = []
    let count: Double
    let sum: Double

    init(_ histogram: NativeHistogram) {
        let counts = histogram.floatCounts
        var byIndex: [Int: Double] = [:]
        var index = 0
        var place = 0
        for span in histogram.positiveSpans {
            index += Int(span.offset)
            for _ in 0..<span.length where place < counts.positive.count {
                byIndex[index] = counts.positive[place]
                (index, place) = (index + 1, place + 1)
            }
        }
        var cumulative = 0.0
        for (index, bound) in histogram.customBounds.enumerated() {
            cumulative += byIndex[index] ?? 0
            buckets.append((bound, cumulative))
        }
        count = counts.count
        sum = histogram.sum
    }
}

extension NativeHistogram {
    /// The counts as floating point numbers, whatever they are.
    fileprivate var floatCounts: (count: Double, zero: Double, positive: [Double], negative: [Double]) {
        switch counts {
        case .integer(let count, let zero, let positive, let negative):
            (Double(count), Double(zero), positive.map { Double($0) }, negative.map { Double($0) })
        case .float(let count, let zero, let positive, let negative): (count, zero, positive, negative)
        }
    }
}

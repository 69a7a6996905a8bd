import Encoding
import Model

/// Reads pages of `io.prometheus.client.MetricFamily` messages, each with its length before it.
package struct ProtobufExposition: Sendable {
    /// Which series a histogram becomes.
    package struct Histograms: Sendable {
        /// Native ones are taken; otherwise their buckets are looked for.
        package var native: Bool
        /// Buckets are taken even where there is a native histogram.
        package var alwaysClassic: Bool

        package init(native: Bool = true, alwaysClassic: Bool = false) {
            self.native = native
            self.alwaysClassic = alwaysClassic
        }
    }

    private enum Kind: UInt64 {
        case counter, gauge, summary, untyped, histogram, gaugeHistogram

        var metadata: MetricMetadata.Kind {
            switch self {
            case .counter: .counter
            case .gauge: .gauge
            case .summary: .summary
            case .untyped: .unknown
            case .histogram: .histogram
            case .gaugeHistogram: .gaugehistogram
            }
        }
    }

    private let wanted: Histograms
    private var kind = Kind.counter
    /// The name of the family, with escapes.
    private var name: [UInt8] = []
    /// The labels of the current metric in quotes, each behind a comma.
    private var labels: [UInt8] = []
    private var timestampMs: Int64?
    private var histogram = ProtobufHistogram()

    package init(_ wanted: Histograms) { self.wanted = wanted }

    /// Appends what `bytes` hold to `page`. An error names the message in the place of the line.
    package mutating func read(_ bytes: Span<UInt8>, into page: inout ExpositionPage) throws(ExpositionError) {
        var reader = ProtobufReader(bytes)
        var message = 1
        while !reader.isAtEnd {
            var fault: String?
            do throws(DecodeError) {
                fault = try readFamily(reader.readMessage(), into: &page)
            } catch {
                fault = "the message is no MetricFamily: \(error)"
            }
            if let fault { throw ExpositionError(line: message, fault) }
            message += 1
        }
    }

    /// Returns what is wrong with the family. Its fields come in any order, so that the metrics are read last.
    private mutating func readFamily(
        _ family: consuming ProtobufReader, into page: inout ExpositionPage
    ) throws(DecodeError) -> String? {
        let whole = copy family
        var metadata = MetricMetadata(family: "", kind: .counter)
        kind = .counter
        name.removeAll(keepingCapacity: true)
        var hasMetrics = false
        var isText = true
        while let tag = try family.nextTag() {
            switch tag {
            case .bytes(1):
                let bytes = try family.readBytes()
                isText = isText && UTF8Check.isValid(bytes)
                metadata.family = bytes.text
                ExpositionText.escape(bytes, appendingTo: &name)
            case .bytes(2):
                let bytes = try family.readBytes()
                isText = isText && UTF8Check.isValid(bytes)
                metadata.help = bytes.text
            case .varint(3):
                let raw = try family.readVarint()
                guard let known = Kind(rawValue: raw) else { return "unknown metric type \(raw)" }
                kind = known
            case .bytes(5): metadata.unit = try family.readBytes().text
            case .bytes(4):
                hasMetrics = true
                try family.skip(tag)
            default: try family.skip(tag)
            }
        }
        guard hasMetrics else { return nil }
        guard !name.isEmpty, isText else { return "invalid metric name or help: \(Quoted.text(metadata.family))" }
        metadata.kind = kind.metadata
        page.metadata.append(metadata)
        return try readMetrics(whole, into: &page)
    }

    private mutating func readMetrics(
        _ family: consuming ProtobufReader, into page: inout ExpositionPage
    ) throws(DecodeError) -> String? {
        while let tag = try family.nextTag() {
            guard tag == .bytes(4) else {
                try family.skip(tag)
                continue
            }
            if let fault = try readMetric(family.readMessage(), into: &page) { return fault }
        }
        return nil
    }

    private mutating func readMetric(
        _ metric: consuming ProtobufReader, into page: inout ExpositionPage
    ) throws(DecodeError) -> String? {
        let whole = copy metric
        labels.removeAll(keepingCapacity: true)
        timestampMs = nil
        while let tag = try metric.nextTag() {
            switch tag {
            case .bytes(1):
                guard let label = try Self.readLabel(metric.readMessage()) else { return "a label is not valid UTF-8" }
                ExpositionText.append(label: label.name.span, label.value.span, to: &labels)
            case .varint(6):
                let ms = Int64(bitPattern: try metric.readVarint())
                timestampMs = ms == 0 ? nil : ms
            default: try metric.skip(tag)
            }
        }
        return try readValues(whole, into: &page)
    }

    private mutating func readValues(
        _ metric: consuming ProtobufReader, into page: inout ExpositionPage
    ) throws(DecodeError) -> String? {
        var isSeen = false
        while let tag = try metric.nextTag() {
            switch (tag, kind) {
            case (.bytes(2), .gauge), (.bytes(3), .counter), (.bytes(5), .untyped):
                isSeen = true
                try readSimple(metric.readMessage(), into: &page)
            case (.bytes(4), .summary):
                isSeen = true
                try readSummary(metric.readMessage(), into: &page)
            case (.bytes(7), .histogram), (.bytes(7), .gaugeHistogram):
                isSeen = true
                try histogram.read(metric.readMessage())
                if let fault = addHistogram(to: &page) { return fault }
            default: try metric.skip(tag)
            }
        }
        // A message that holds only defaults may be left out by its writer.
        if !isSeen, kind == .gauge || kind == .counter || kind == .untyped { add("", nil, 0, to: &page) }
        return nil
    }

    private mutating func readSimple(
        _ message: consuming ProtobufReader, into page: inout ExpositionPage
    ) throws(DecodeError) {
        var value = 0.0
        var startMs: Int64 = 0
        let firstExemplar = page.exemplars.count
        while let tag = try message.nextTag() {
            switch tag {
            case .fixed64(1): value = try message.readDouble()
            case .bytes(2) where kind == .counter:
                if let exemplar = try Self.readExemplar(message.readMessage()) { page.exemplars.append(exemplar) }
            case .bytes(3) where kind == .counter: startMs = try Self.readTimestampMs(message.readMessage())
            default: try message.skip(tag)
            }
        }
        add("", nil, value, startMs: startMs, exemplars: firstExemplar..<page.exemplars.count, to: &page)
    }

    private mutating func readSummary(
        _ message: consuming ProtobufReader, into page: inout ExpositionPage
    ) throws(DecodeError) {
        var count: UInt64 = 0
        var sum = 0.0
        var startMs: Int64 = 0
        var quantiles: [(bound: Double, value: Double)] = []
        while let tag = try message.nextTag() {
            switch tag {
            case .varint(1): count = try message.readVarint()
            case .fixed64(2): sum = try message.readDouble()
            case .bytes(3):
                var quantile = try message.readMessage()
                var entry = (bound: 0.0, value: 0.0)
                while let part = try quantile.nextTag() {
                    switch part {
                    case .fixed64(1): entry.bound = try quantile.readDouble()
                    case .fixed64(2): entry.value = try quantile.readDouble()
                    default: try quantile.skip(part)
                    }
                }
                quantiles.append(entry)
            case .bytes(4): startMs = try Self.readTimestampMs(message.readMessage())
            default: try message.skip(tag)
            }
        }
        add("_count", nil, Double(count), startMs: startMs, to: &page)
        add("_sum", nil, sum, startMs: startMs, to: &page)
        for quantile in quantiles {
            add("", ("quantile", quantile.bound), quantile.value, startMs: startMs, to: &page)
        }
    }

    /// The histogram that was read, as the series that are wanted.
    private mutating func addHistogram(to page: inout ExpositionPage) -> String? {
        let isNative = wanted.native && histogram.isNative
        let startMs = histogram.startMs
        if isNative {
            if let fault = histogram.fault { return fault }
            page.histograms.append(histogram.native(isGauge: kind == .gaugeHistogram))
            let firstExemplar = page.exemplars.count
            page.exemplars += histogram.nativeExemplars
            add(
                "", nil, 0, startMs: startMs, exemplars: firstExemplar..<page.exemplars.count,
                histogram: page.histograms.count - 1, to: &page)
        }
        guard !isNative || wanted.alwaysClassic && !histogram.buckets.isEmpty else { return nil }
        add("_count", nil, histogram.classicCount, startMs: startMs, to: &page)
        add("_sum", nil, histogram.sum, startMs: startMs, to: &page)
        for bucket in histogram.buckets {
            let firstExemplar = page.exemplars.count
            if let exemplar = bucket.exemplar { page.exemplars.append(exemplar) }
            add(
                "_bucket", ("le", bucket.bound), bucket.count, startMs: startMs,
                exemplars: firstExemplar..<page.exemplars.count, to: &page)
        }
        if histogram.buckets.last?.bound != .infinity {
            add("_bucket", ("le", .infinity), histogram.classicCount, startMs: startMs, to: &page)
        }
        return nil
    }

    private func add(
        _ suffix: String, _ bound: (label: String, value: Double)?, _ value: Double, startMs: Int64 = 0,
        exemplars: Range<Int> = 0..<0, histogram: Int = -1, to page: inout ExpositionPage
    ) {
        let start = page.text.count
        page.text += "{\"".utf8
        page.text += name
        page.text += suffix.utf8
        page.text.append(UInt8(ascii: "\""))
        page.text += labels
        if let bound {
            let text = FloatText.openMetrics(bound.value == 0 ? 0 : bound.value)
            ExpositionText.append(label: bound.label.utf8.span, text.utf8.span, to: &page.text)
        }
        page.text.append(UInt8(ascii: "}"))
        page.rows.append(
            ExpositionPage.Row(
                series: start..<page.text.count, value: value.isNaN ? .nan : value, timestampMs: timestampMs,
                startTimestampMs: startMs, histogram: histogram, exemplars: exemplars, kind: kind.metadata,
                family: page.metadata.count - 1))
    }
}

/// Messages inside of messages.
extension ProtobufExposition {
    /// Nil where it is not valid UTF-8.
    private static func readLabel(
        _ message: consuming ProtobufReader
    ) throws(DecodeError) -> (name: [UInt8], value: [UInt8])? {
        var label: (name: [UInt8], value: [UInt8]) = ([], [])
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1): label.name.append(try message.readBytes())
            case .bytes(2): label.value.append(try message.readBytes())
            default: try message.skip(tag)
            }
        }
        return UTF8Check.isValid(label.name.span) && UTF8Check.isValid(label.value.span) ? label : nil
    }

    /// Nil where its labels are none.
    static func readExemplar(
        _ message: consuming ProtobufReader
    ) throws(DecodeError) -> ExpositionPage.Exemplar? {
        var builder = LabelsBuilder()
        var value = 0.0
        var timestampMs: Int64?
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1):
                guard let label = try readLabel(message.readMessage()) else { return nil }
                builder.append(label.name.span, label.value.span)
            case .fixed64(2): value = try message.readDouble()
            case .bytes(3): timestampMs = try readTimestampMs(message.readMessage())
            default: try message.skip(tag)
            }
        }
        var bytes: [UInt8] = []
        guard builder.write(into: &bytes) else { return nil }
        return ExpositionPage.Exemplar(labels: Labels(canonical: bytes), value: value, timestampMs: timestampMs)
    }

    /// `google.protobuf.Timestamp`.
    static func readTimestampMs(_ message: consuming ProtobufReader) throws(DecodeError) -> Int64 {
        var seconds: Int64 = 0
        var nanoseconds: Int64 = 0
        while let tag = try message.nextTag() {
            switch tag {
            case .varint(1): seconds = Int64(bitPattern: try message.readVarint())
            case .varint(2): nanoseconds = Int64(bitPattern: try message.readVarint())
            default: try message.skip(tag)
            }
        }
        return seconds &* 1000 &+ nanoseconds / 1_000_000
    }
}

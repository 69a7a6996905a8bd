import Encoding
import Model

/// A whole page of metrics in any of the formats, read at once: for pages that come now and then and are no target's.
struct PushedPage: Sendable {
    enum Value: Sendable {
        case float(Double)
        case histogram(NativeHistogram, startTimestampMs: Int64)
    }

    struct Sample: Sendable {
        var labels: Labels
        var value: Value
        var timestampMs: Int64?
        var exemplars: [ExpositionPage.Exemplar]

        /// - Parameters:
        ///   - labels: in place of its own.
        ///   - atMs: where the page tells no time.
        func add(_ labels: Labels, atMs: Int64, to batch: inout LabelledBatch) {
            let atMs = timestampMs ?? atMs
            switch value {
            case .float(let value): batch.add(labels, value, atMs: atMs)
            case .histogram(let value, let startMs):
                batch.add(
                    labels, SampleBatch.Histogram(timestampMs: atMs, startTimestampMs: startMs, value: value))
            }
            for exemplar in exemplars {
                batch.add(exemplar: exemplar.labels, exemplar.value, atMs: exemplar.timestampMs ?? atMs)
            }
        }
    }

    private(set) var samples: [Sample] = []
    private(set) var metadata: [MetricMetadata] = []
    private var builder = LabelsBuilder()

    var count: Int { samples.count }

    mutating func read(_ page: Span<UInt8>, _ format: ExpositionFormat) throws(ExpositionError) {
        if format == .protobuf {
            try readProtobuf(page)
        } else {
            try readText(page, isOpenMetrics: format == .openMetrics)
        }
    }

    private mutating func readText(_ page: Span<UInt8>, isOpenMetrics: Bool) throws(ExpositionError) {
        var reader = ExpositionReader(page, isOpenMetrics: isOpenMetrics)
        while let item = try reader.next() {
            guard item == .series else {
                note(item, reader)
                continue
            }
            guard let labels = labels(reader) else { throw reader.error("a label name occurs twice") }
            var exemplars: [ExpositionPage.Exemplar] = []
            if let exemplar = reader.exemplar, let labels = reader.exemplarLabels(exemplar) {
                exemplars.append(
                    .init(labels: labels, value: exemplar.value, timestampMs: exemplar.timestampMs))
            }
            samples.append(
                Sample(
                    labels: labels, value: .float(reader.value), timestampMs: reader.timestampMs,
                    exemplars: exemplars))
        }
    }

    private mutating func labels(_ reader: borrowing ExpositionReader) -> Labels? {
        builder.removeAll()
        reader.write(into: &builder)
        var bytes: [UInt8] = []
        return builder.write(into: &bytes) ? Labels(canonical: bytes) : nil
    }

    private mutating func note(_ item: ExpositionReader.Item, _ reader: borrowing ExpositionReader) {
        guard item != .comment else { return }
        let family = reader.metricName
        if metadata.last?.family != family { metadata.append(MetricMetadata(family: family, kind: .unknown)) }
        let last = metadata.count - 1
        switch item {
        case .type: metadata[last].kind = reader.kind
        case .help: metadata[last].help = reader.metadataText
        default: metadata[last].unit = reader.metadataText
        }
    }

    private mutating func readProtobuf(_ bytes: Span<UInt8>) throws(ExpositionError) {
        var page = ExpositionPage()
        var decoder = ProtobufExposition(.init())
        try decoder.read(bytes, into: &page)
        metadata = page.metadata
        for row in page.rows {
            var reader = ExpositionReader(page.text.span.extracting(row.series), isOpenMetrics: false)
            try reader.readSeriesAlone()
            guard let labels = labels(reader) else { throw reader.error("a label name occurs twice") }
            let value: Value =
                row.histogram < 0
                ? .float(row.value)
                : .histogram(page.histograms[row.histogram], startTimestampMs: row.startTimestampMs)
            samples.append(
                Sample(
                    labels: labels, value: value, timestampMs: row.timestampMs,
                    exemplars: Array(page.exemplars[row.exemplars])))
        }
    }
}

extension ExpositionFormat {
    /// What a pushed page is; text where the sender says nothing that is known.
    static func ofPushed(contentType: String?) -> ExpositionFormat {
        if case .success(let format) = of(contentType: contentType, fallback: .prometheusText004) { return format }
        return .text
    }
}

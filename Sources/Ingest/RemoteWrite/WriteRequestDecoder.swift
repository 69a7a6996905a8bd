package import Encoding
package import Model

/// Reads `prometheus.WriteRequest` (remote_write 1.0) into a batch.
///
/// A series is named by the hash of its label fields as they lie on the wire, so that a known series costs one walk
/// over its labels and no copy. `WireLabels` writes the canonical form for the few that the store does not know.
package struct WriteRequestDecoder: Sendable {
    /// Where the label fields of each series of the last body lie: the labels alone where they stand together, as
    /// every sender writes them, otherwise the whole message of the series.
    package private(set) var labelRanges: [Range<Int>] = []
    /// What of the last body cannot be taken, beside what is wrong with labels.
    package private(set) var flaws: [Flaw] = []
    private var scattered: [UInt8] = []
    private let seed: Hash128

    /// A histogram that is none.
    package struct Flaw: Sendable, Equatable {
        /// The series of the batch.
        package let series: Int
        package let reason: String
    }

    /// `seed` is the process' own, the same for every decoder that feeds one store.
    package init(seed: Hash128) { self.seed = seed }

    /// Replaces what the batch holds by the series of `body`, which is not compressed any more.
    package mutating func decode(_ body: Span<UInt8>, into batch: inout SampleBatch) throws(DecodeError) {
        batch.removeAll()
        labelRanges.removeAll(keepingCapacity: true)
        flaws.removeAll()
        var request = ProtobufReader(body)
        while let tag = try request.nextTag() {
            switch tag {
            case .bytes(1): try decodeSeries(request.readMessage(), body, into: &batch)
            case .bytes(3): batch.metadata.append(try Self.metadata(request.readMessage()))
            default: try request.skip(tag)
            }
        }
    }

    private mutating func decodeSeries(
        _ message: consuming ProtobufReader, _ body: Span<UInt8>, into batch: inout SampleBatch
    ) throws(DecodeError) {
        let messageStart = message.offset
        var labelsStart = messageStart
        var labelsEnd = messageStart
        var isScattered = false
        let firstSample = batch.values.count
        let firstHistogram = batch.histograms.count
        while true {
            let fieldStart = message.offset
            guard let tag = try message.nextTag() else { break }
            switch tag {
            case .bytes(1):
                _ = try message.readBytes()
                if labelsStart == labelsEnd {
                    labelsStart = fieldStart
                } else if labelsEnd != fieldStart {
                    isScattered = true
                }
                labelsEnd = message.offset
            case .bytes(2): try Self.decodeSample(message.readMessage(), into: &batch)
            case .bytes(3):
                if let exemplar = try Self.exemplar(message.readMessage(), series: batch.series.count) {
                    batch.exemplars.append(exemplar)
                }
            case .bytes(4):
                if let histogram = try WireHistogram.read(message.readMessage()) {
                    batch.histograms.append(histogram)
                } else {
                    flaws.append(
                        Flaw(series: batch.series.count, reason: "a bucket of a histogram counts less than nothing"))
                }
            default: try message.skip(tag)
            }
        }
        let range = isScattered ? messageStart..<message.offset : labelsStart..<labelsEnd
        let fields = body.extracting(range)
        labelRanges.append(range)
        batch.series.append(
            SampleBatch.Series(
                key: isScattered ? try gatheredKey(fields) : Hash128.of(fields, seed: seed),
                samples: firstSample..<batch.values.count, histograms: firstHistogram..<batch.histograms.count))
    }

    /// Nil where its labels are none, as Prometheus leaves it out.
    private static func exemplar(
        _ message: consuming ProtobufReader, series: Int
    ) throws(DecodeError) -> SampleBatch.Exemplar? {
        var labels = LabelsBuilder()
        var value = 0.0
        var timestampMs: Int64 = 0
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1):
                let (name, text) = try label(message.readMessage())
                labels.append(name.utf8.span, text.utf8.span)
            case .fixed64(2): value = try message.readDouble()
            case .varint(3): timestampMs = Int64(bitPattern: try message.readVarint())
            default: try message.skip(tag)
            }
        }
        var bytes: [UInt8] = []
        guard labels.write(into: &bytes) else { return nil }
        return SampleBatch.Exemplar(
            series: series, labels: Labels(canonical: bytes), value: value, timestampMs: timestampMs)
    }

    private static func label(
        _ message: consuming ProtobufReader
    ) throws(DecodeError) -> (name: String, value: String) {
        var (name, value) = ("", "")
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1): name = try message.readBytes().text
            case .bytes(2): value = try message.readBytes().text
            default: try message.skip(tag)
            }
        }
        return (name, value)
    }

    private static func metadata(_ message: consuming ProtobufReader) throws(DecodeError) -> MetricMetadata {
        var metadata = MetricMetadata(family: "", kind: .unknown)
        while let tag = try message.nextTag() {
            switch tag {
            case .varint(1): metadata.kind = MetricMetadata.Kind(wireNumber: try message.readVarint())
            case .bytes(2): metadata.family = try message.readBytes().text
            case .bytes(4): metadata.help = try message.readBytes().text
            case .bytes(5): metadata.unit = try message.readBytes().text
            default: try message.skip(tag)
            }
        }
        return metadata
    }

    @inline(__always)
    private static func decodeSample(
        _ message: consuming ProtobufReader, into batch: inout SampleBatch
    ) throws(DecodeError) {
        var value = 0.0
        var timestampMs: Int64 = 0
        while let tag = try message.nextTag() {
            switch tag {
            case .fixed64(1): value = try message.readDouble()
            case .varint(2): timestampMs = Int64(bitPattern: try message.readVarint())
            default: try message.skip(tag)
            }
        }
        batch.timestampsMs.append(timestampMs)
        batch.values.append(value)
    }

    /// The key of labels that stand apart from each other: of their fields put together.
    private mutating func gatheredKey(_ fields: Span<UInt8>) throws(DecodeError) -> Hash128 {
        scattered.removeAll(keepingCapacity: true)
        var message = ProtobufReader(fields)
        while true {
            let start = message.offset
            guard let tag = try message.nextTag() else { break }
            try message.skip(tag)
            if tag == .bytes(1) { scattered.append(fields.extracting(start..<message.offset)) }
        }
        return Hash128.of(scattered.span, seed: seed)
    }
}

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
    private var scattered: [UInt8] = []
    private let seed: Hash128

    /// `seed` is the process' own, the same for every decoder that feeds one store.
    package init(seed: Hash128) { self.seed = seed }

    /// Replaces what the batch holds by the series of `body`, which is not compressed any more.
    package mutating func decode(_ body: Span<UInt8>, into batch: inout SampleBatch) throws(DecodeError) {
        batch.removeAll()
        labelRanges.removeAll(keepingCapacity: true)
        var request = ProtobufReader(body)
        while let tag = try request.nextTag() {
            switch tag {
            case .bytes(1): try decodeSeries(request.readMessage(), body, into: &batch)
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
            default: try message.skip(tag)
            }
        }
        let range = isScattered ? messageStart..<message.offset : labelsStart..<labelsEnd
        let fields = body.extracting(range)
        labelRanges.append(range)
        batch.series.append(
            SampleBatch.Series(
                key: isScattered ? try gatheredKey(fields) : Hash128.of(fields, seed: seed),
                samples: firstSample..<batch.values.count))
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

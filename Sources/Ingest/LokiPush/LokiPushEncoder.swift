package import Encoding
import Model
package import Storage

/// Writes a batch as `logproto.PushRequest` in snappy, which is what `LokiPushDecoder` reads. Keep the encoder, which
/// keeps its buffers.
package struct LokiPushEncoder: Sendable {
    private var plain = ProtobufWriter()
    private var entries: [[Int]] = []

    package init() {}

    package mutating func encode(_ batch: borrowing LogBatch) throws(CompressionError) -> [UInt8] {
        plain.bytes.removeAll(keepingCapacity: true)
        for index in entries.indices { entries[index].removeAll(keepingCapacity: true) }
        while entries.count < batch.streams.count { entries.append([]) }
        for index in batch.entries.indices { entries[batch.entries[index].stream].append(index) }
        for (stream, range) in batch.streams.enumerated() where !entries[stream].isEmpty {
            let labels = Self.text(of: Labels(canonical: Array(batch.bytes[range])))
            let members = entries[stream]
            plain.message(1) { message in
                message.string(1, labels)
                for member in members { Self.write(batch.entries[member], batch.bytes.span, &message) }
            }
        }
        var body: [UInt8] = []
        let bytes = plain.bytes
        try Snappy.compress(bytes.span, appendingTo: &body)
        return body
    }

    private static func write(
        _ entry: LogBatch.Entry, _ bytes: Span<UInt8>, _ message: inout ProtobufWriter
    ) {
        message.message(2) { message in
            let (seconds, rest) = entry.timestampNs.quotientAndRemainder(dividingBy: 1_000_000_000)
            let nanoseconds = rest < 0 ? rest + 1_000_000_000 : rest
            message.message(1) {
                $0.int64(1, rest < 0 ? seconds - 1 : seconds)
                $0.int64(2, nanoseconds)
            }
            message.bytes(2, bytes.extracting(entry.line))
            guard !entry.metadata.isEmpty else { return }
            for pair in Labels(canonical: entry.metadata.map { bytes[$0] }).pairs {
                message.message(3) {
                    $0.string(1, pair.name)
                    $0.string(2, pair.value)
                }
            }
        }
    }

    /// `{app="a", host="b"}`
    private static func text(of labels: Labels) -> String {
        "{" + labels.pairs.map { "\($0.name)=\(Quoted.text($0.value))" }.joined(separator: ", ") + "}"
    }
}

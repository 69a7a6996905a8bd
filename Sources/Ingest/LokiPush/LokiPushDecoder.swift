import Encoding
import Model
package import Storage

/// Reads `logproto.PushRequest`. Lines stay where they are in the body, which becomes the buffer of the batch; labels and
/// metadata are written behind them.
package enum LokiPushDecoder {
    /// Room behind a body with which the labels of most requests need no larger buffer.
    static let spareBytes = 16 << 10

    /// - Parameter body: not compressed any more. It becomes the batch's: who keeps another reference makes a copy.
    package static func batch(_ body: consuming [UInt8]) throws(LokiPushError) -> LogBatch {
        var walk = Walk()
        do throws(DecodeError) {
            try walk.read(body.span)
        } catch {
            throw LokiPushError("cannot read the request as logproto.PushRequest: \(error)")
        }
        var batch = LogBatch()
        batch.entries = walk.entries
        batch.streams.reserveCapacity(walk.labels.count)
        var builder = LabelsBuilder()
        var written: [UInt8] = []
        for range in walk.labels {
            try LokiLabels.read(body.span.extracting(range), into: &builder)
            batch.streams.append(try write(&builder, behind: body.count, &written))
        }
        for (entry, pairs) in walk.metadata {
            builder.removeAll()
            for pair in pairs {
                builder.append(body.span.extracting(pair.name), body.span.extracting(pair.value))
            }
            batch.entries[entry].metadata = try write(&builder, behind: body.count, &written)
        }
        batch.bytes = body
        batch.bytes += written
        return batch
    }

    private static func write(
        _ builder: inout LabelsBuilder, behind start: Int, _ written: inout [UInt8]
    ) throws(LokiPushError) -> Range<Int> {
        let before = written.count
        guard builder.write(into: &written) else { throw LokiPushError("a label or a name of metadata comes twice") }
        return (start + before)..<(start + written.count)
    }

    /// Where things are in the body.
    private struct Walk {
        var labels: [Range<Int>] = []
        var entries: [LogBatch.Entry] = []
        var metadata: [(entry: Int, pairs: [(name: Range<Int>, value: Range<Int>)])] = []

        mutating func read(_ body: Span<UInt8>) throws(DecodeError) {
            var request = ProtobufReader(body)
            while let tag = try request.nextTag() {
                if tag == .bytes(1) { try readStream(request.readMessage()) } else { try request.skip(tag) }
            }
        }

        private mutating func readStream(_ message: consuming ProtobufReader) throws(DecodeError) {
            labels.append(0..<0)
            while let tag = try message.nextTag() {
                switch tag {
                case .bytes(1): labels[labels.count - 1] = try Self.range(&message)
                case .bytes(2): try readEntry(message.readMessage())
                default: try message.skip(tag)
                }
            }
        }

        private mutating func readEntry(_ message: consuming ProtobufReader) throws(DecodeError) {
            var entry = LogBatch.Entry(timestampNs: 0, stream: labels.count - 1, line: 0..<0)
            var pairs: [(name: Range<Int>, value: Range<Int>)] = []
            while let tag = try message.nextTag() {
                switch tag {
                case .bytes(1): entry.timestampNs = try Self.timestampNs(message.readMessage())
                case .bytes(2): entry.line = try Self.range(&message)
                case .bytes(3): pairs.append(try Self.pair(message.readMessage()))
                default: try message.skip(tag)
                }
            }
            if !pairs.isEmpty { metadata.append((entries.count, pairs)) }
            entries.append(entry)
        }

        private static func timestampNs(_ message: consuming ProtobufReader) throws(DecodeError) -> Int64 {
            var seconds: Int64 = 0
            var nanoseconds: Int64 = 0
            while let tag = try message.nextTag() {
                switch tag {
                case .varint(1): seconds = Int64(bitPattern: try message.readVarint())
                case .varint(2): nanoseconds = Int64(bitPattern: try message.readVarint())
                default: try message.skip(tag)
                }
            }
            return seconds &* 1_000_000_000 &+ nanoseconds
        }

        private static func pair(
            _ message: consuming ProtobufReader
        ) throws(DecodeError) -> (name: Range<Int>, value: Range<Int>) {
            var pair = (name: 0..<0, value: 0..<0)
            while let tag = try message.nextTag() {
                switch tag {
                case .bytes(1): pair.name = try range(&message)
                case .bytes(2): pair.value = try range(&message)
                default: try message.skip(tag)
                }
            }
            return pair
        }

        /// Where the bytes that come next lie in the body.
        @inline(__always)
        private static func range(_ message: inout ProtobufReader) throws(DecodeError) -> Range<Int> {
            let count = try message.readBytes().count
            return (message.offset - count)..<message.offset
        }
    }
}

import Encoding
import Journal
import LabelIndex
import Model
import Storage

/// Entries that are in the log and in no part yet, and the streams that they belong to.
struct Head: ~Copyable {
    private(set) var index = MemoryLabelIndex()
    private(set) var chunks: [RowChunk] = []
    private(set) var plainBytes = 0
    /// Small chunks at the end, which are put together once there are enough of them.
    private var smallChunks = 0
    private var smallBytes = 0
    var taken = TakenBatches()
    private var appender: JournalAppender
    private var compressor = LZ4Compressor()

    private static let smallBytesMax = 32 << 10
    private static let smallTotalMax = 256 << 10
    private static let smallChunksMax = 256

    init(_ appender: consuming JournalAppender) {
        self.appender = appender
    }

    /// Entries as they go into the log.
    struct Payload {
        var bytes: [UInt8]
        var isPacked: Bool
        var plainBytes: Int
        var header: RowFormat.Header
        /// Canonical labels of the streams, and their hashes.
        var streams: [(labels: [UInt8], hash: UInt64)]
    }

    /// Writes the entries into the log, which keeps them, and then shows them.
    mutating func append(_ payload: Payload, identity: LogBatch.Identity?) throws(JournalError) {
        let type = payload.isPacked ? LogRecordType.packed : LogRecordType.plain
        _ = try appender.append(type: type, payload.bytes.span, compressing: false)
        if let identity { taken.add(identity) }
        add(payload)
    }

    /// Shows entries that the log holds.
    mutating func add(_ payload: Payload) {
        var numbers: [UInt32] = []
        numbers.reserveCapacity(payload.streams.count)
        for stream in payload.streams {
            if let known = index.ordinal(of: stream.labels.span, hash: stream.hash) {
                numbers.append(UInt32(known))
            } else {
                numbers.append(UInt32(index.count))
                index.add(stream.labels.span, hash: stream.hash, id: UInt64(index.count) + 1)
            }
        }
        // What a packed record begins with is its length, which a chunk has beside it.
        let bytes = payload.isPacked ? Array(payload.bytes.dropFirst(LogRecordType.lengthBytes)) : payload.bytes
        chunks.append(
            RowChunk(
                bytes, isPacked: payload.isPacked, payload.header, plainBytes: payload.plainBytes, streams: numbers))
        plainBytes += payload.plainBytes
        if payload.plainBytes <= Self.smallBytesMax {
            smallChunks += 1
            smallBytes += payload.plainBytes
            if smallChunks >= Self.smallChunksMax || smallBytes >= Self.smallTotalMax { gather() }
        } else {
            (smallChunks, smallBytes) = (0, 0)
        }
    }

    /// Puts the small chunks at the end together.
    private mutating func gather() {
        var batch = LogBatch()
        var streams: [UInt32] = []
        var numbers: [UInt32: Int] = [:]
        for chunk in chunks.suffix(smallChunks) {
            let rows = chunk.read()
            let bytes = rows.bytes
            for row in 0..<rows.count {
                let number = chunk.streams[rows.stream(row)]
                let stream = numbers[number] ?? streams.count
                if stream == streams.count {
                    numbers[number] = stream
                    streams.append(number)
                    batch.streams.append(batch.append(bytes.span.extracting(rows.streams[rows.stream(row)])))
                }
                let line = batch.append(bytes.span.extracting(rows.line(row)))
                let metadata = batch.append(bytes.span.extracting(rows.metadata(row)))
                batch.entries.append(
                    LogBatch.Entry(
                        timestampNs: rows.timestampNs(row), stream: stream, line: line, metadata: metadata))
            }
        }
        var plain: [UInt8] = []
        let (header, used) = RowFormat.encode(batch, nil, to: &plain)
        var packed: [UInt8] = []
        let isPacked = (try? compressor.compress(plain.span, appendingTo: &packed)) != nil  // kept plain otherwise
        chunks.removeLast(smallChunks)
        chunks.append(
            RowChunk(
                isPacked ? packed : plain, isPacked: isPacked, header, plainBytes: plain.count,
                streams: used.map { streams[$0] }))
        (smallChunks, smallBytes) = (0, 0)
    }

    /// Takes all entries out.
    ///
    /// - Parameter position: up to where the log holds them.
    mutating func freeze(at position: UInt64) -> FrozenHead {
        defer {
            index = MemoryLabelIndex()
            chunks = []
            (plainBytes, smallChunks, smallBytes) = (0, 0, 0)
        }
        return FrozenHead(index: index, chunks: chunks, taken: taken, position: position)
    }
}

/// What a head held at one instant.
struct FrozenHead: Sendable {
    let index: MemoryLabelIndex
    let chunks: [RowChunk]
    let taken: TakenBatches
    /// Up to where the log holds the chunks.
    let position: UInt64
}

/// Types of records of the log.
enum LogRecordType {
    /// Entries as `RowFormat` has them.
    static let plain: UInt8 = 1
    /// Their number of bytes in four, and LZ4 of them.
    static let packed: UInt8 = 2
    static let lengthBytes = 4

    /// What a packed record holds.
    static func unpack(_ payload: Span<UInt8>) throws -> [UInt8] {
        var reader = ByteReader(payload)
        let count = Int(try reader.readLittleEndian(UInt32.self))
        var plain: [UInt8] = []
        try LZ4.decompress(try reader.readBytes(reader.remaining), count: count, appendingTo: &plain)
        return plain
    }
}

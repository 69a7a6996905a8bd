import Encoding
import Storage

/// Entries as they came, in one immutable buffer: the payload of a record of the log and, packed by the same LZ4, what
/// the head keeps of it. LogDB.docc/Log.md draws it.
final class RowChunk: Sendable {
    /// As `RowFormat` has it, LZ4 where `isPacked`.
    let bytes: [UInt8]
    let isPacked: Bool
    /// Before LZ4.
    let plainBytes: Int
    let rows: Int
    let minNs: Int64
    let maxNs: Int64
    /// For each stream of the chunk its number in the head.
    let streams: [UInt32]

    init(_ bytes: [UInt8], isPacked: Bool, _ header: RowFormat.Header, plainBytes: Int, streams: [UInt32]) {
        self.bytes = bytes
        self.isPacked = isPacked
        self.plainBytes = plainBytes
        rows = header.rows
        minNs = header.minNs
        maxNs = header.maxNs
        self.streams = streams
    }

    /// The entries, unpacked.
    func read() -> Rows {
        do {
            if !isPacked { return try Rows(bytes) }
            var plain: [UInt8] = []
            let bytes = bytes
            try LZ4.decompress(bytes.span, count: plainBytes, appendingTo: &plain)
            return try Rows(plain)
        } catch {
            preconditionFailure("BUG: a chunk of the head cannot be read: \(error)")
        }
    }
}

/// Entries in a buffer of their own: version and flags; identity of the batch; streams; then columns of timestamps,
/// streams and lengths; then all lines and all metadata.
enum RowFormat {
    static let version: UInt8 = 1
    static let hasIdentity: UInt8 = 1
    static let dropsRepeats: UInt8 = 2

    struct Header {
        var rows = 0
        var minNs = Int64.max
        var maxNs = Int64.min
    }

    /// Writes the entries of a batch that are `taken`, and only streams that these use.
    ///
    /// - Returns: what a chunk knows of itself, and for each stream of it its index in the batch.
    static func encode(
        _ batch: LogBatch, _ taken: [Int]?, to bytes: inout [UInt8]
    ) -> (Header, streams: [Int]) {
        var header = Header()
        let entries = batch.entries.count
        header.rows = taken?.count ?? entries
        var numbers = [Int32](repeating: -1, count: batch.streams.count)
        var used: [Int] = []
        func forEach(_ body: (LogBatch.Entry) -> Void) {
            if let taken { for index in taken { body(batch.entries[index]) } } else { batch.entries.forEach(body) }
        }
        forEach { entry in
            if numbers[entry.stream] < 0 {
                numbers[entry.stream] = Int32(used.count)
                used.append(entry.stream)
            }
            header.minNs = min(header.minNs, entry.timestampNs)
            header.maxNs = max(header.maxNs, entry.timestampNs)
        }
        bytes.append(version)
        bytes.append((batch.identity == nil ? 0 : hasIdentity) | (batch.dropsRepeats ? dropsRepeats : 0))
        if let identity = batch.identity {
            bytes.appendVarint(UInt64(identity.sender.utf8.count))
            bytes += identity.sender.utf8
            bytes.appendVarint(identity.sequence)
        }
        bytes.appendVarint(UInt64(used.count))
        for stream in used {
            let labels = batch.streams[stream]
            bytes.appendVarint(UInt64(labels.count))
            bytes.append(batch.bytes.span.extracting(labels))
        }
        bytes.appendVarint(UInt64(header.rows))
        forEach { bytes.appendLittleEndian($0.timestampNs) }
        forEach { bytes.appendLittleEndian(UInt32(numbers[$0.stream])) }
        let text = batch.bytes.span
        forEach { bytes.appendLittleEndian(UInt32($0.line.count)) }
        forEach { bytes.appendLittleEndian(UInt32($0.metadata.count)) }
        forEach { bytes.append(text.extracting($0.line)) }
        forEach { bytes.append(text.extracting($0.metadata)) }
        return (header, used)
    }
}

/// The entries of a chunk. An object, so that who walks rows of many chunks counts one reference for each.
final class Rows: Sendable {
    let bytes: [UInt8]
    let identity: LogBatch.Identity?
    let dropsRepeats: Bool
    /// Canonical labels of each stream.
    let streams: [Range<Int>]
    let count: Int
    private let timestampsAt: Int
    private let streamsAt: Int
    /// Behind each row's line, and behind each row's metadata.
    private let lineEnds: [Int]
    private let metadataEnds: [Int]
    private let linesAt: Int
    private let metadataAt: Int

    init(_ bytes: [UInt8]) throws(DecodeError) {
        var reader = ByteReader(bytes.span)
        let version = try reader.readByte()
        guard version == RowFormat.version else { throw DecodeError(.invalidCharacter(version), at: 0) }
        let flags = try reader.readByte()
        dropsRepeats = flags & RowFormat.dropsRepeats != 0
        var identity: LogBatch.Identity?
        if flags & RowFormat.hasIdentity != 0 {
            var sender: [UInt8] = []
            sender.append(try reader.readBytes(Int(clamping: try reader.readVarint())))
            identity = LogBatch.Identity(
                sender: String(decoding: sender, as: UTF8.self), sequence: try reader.readVarint())
        }
        self.identity = identity
        var streams: [Range<Int>] = []
        for _ in 0..<(try reader.readVarint()) {
            let size = Int(clamping: try reader.readVarint())
            let start = reader.offset
            try reader.skip(size)
            streams.append(start..<reader.offset)
        }
        self.streams = streams
        let rows = try reader.readVarint()
        guard rows <= UInt64(reader.remaining / 20) else {
            throw DecodeError(.invalidCharacterCount(Int(clamping: rows)), at: reader.offset)
        }
        count = Int(rows)
        timestampsAt = reader.offset
        try reader.skip(count * 8)
        streamsAt = reader.offset
        for _ in 0..<count {
            let stream = try reader.readLittleEndian(UInt32.self)
            guard Int(stream) < streams.count else {
                throw DecodeError(.invalidCharacterCount(Int(stream)), at: reader.offset)
            }
        }
        lineEnds = try Self.readEnds(&reader, count)
        metadataEnds = try Self.readEnds(&reader, count)
        linesAt = reader.offset
        metadataAt = linesAt + (lineEnds.last ?? 0)
        try reader.skip((lineEnds.last ?? 0) + (metadataEnds.last ?? 0))
        self.bytes = bytes
    }

    private static func readEnds(_ reader: inout ByteReader, _ count: Int) throws(DecodeError) -> [Int] {
        var ends: [Int] = []
        ends.reserveCapacity(count)
        var end = 0
        for _ in 0..<count {
            end += Int(try reader.readLittleEndian(UInt32.self))
            ends.append(end)
        }
        return ends
    }

    func timestampNs(_ row: Int) -> Int64 {
        Int64(bitPattern: word(timestampsAt + row * 8, bytes: 8))
    }

    /// Index in `streams`.
    func stream(_ row: Int) -> Int { Int(word(streamsAt + row * 4, bytes: 4)) }

    func line(_ row: Int) -> Range<Int> {
        (linesAt + (row == 0 ? 0 : lineEnds[row - 1]))..<(linesAt + lineEnds[row])
    }

    func metadata(_ row: Int) -> Range<Int> {
        (metadataAt + (row == 0 ? 0 : metadataEnds[row - 1]))..<(metadataAt + metadataEnds[row])
    }

    @inline(__always)
    private func word(_ at: Int, bytes count: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(bytes[at + index]) << UInt64(index * 8) }
        return word
    }
}

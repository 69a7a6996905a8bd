import Encoding

/// A part of log entries: blocks in one file; what is known of each block, with its filter, in a second; the labels of
/// its streams in a third. LogDB.docc/Parts.md draws them.
enum LogPartFormat {
    static let magic: [UInt8] = Array("OBSLOG".utf8)
    static let version: UInt8 = 2
    static let headerBytes = 8
    static let blocksFile = "blocks"
    static let indexFile = "index"
    static let labelsFile = "labels"

    static var header: [UInt8] { magic + [version, 0] }

    static func check(header bytes: Span<UInt8>) throws(DecodeError) {
        let expected = header
        guard bytes.count >= headerBytes else {
            throw DecodeError(.truncated(missing: headerBytes - bytes.count), at: 0)
        }
        for index in 0..<headerBytes where bytes[index] != expected[index] {
            throw DecodeError(.invalidCharacter(bytes[index]), at: index)
        }
    }
}

/// What the index says of a block.
struct BlockEntry: Sendable {
    var offset = 0
    /// Streams and their rows, before the body.
    var runsBytes = 0
    /// CRC-32C of streams and rows; a body has its own.
    var runsSum: UInt32 = 0
    var bodyBytes = 0
    var rows = 0
    var rawBytes = 0
    var minNs: Int64 = 0
    var maxNs: Int64 = 0
    var firstStream: UInt32 = 0
    var lastStream: UInt32 = 0
    /// In the index file.
    var filter = 0..<0

    func append(to bytes: inout [UInt8]) {
        for word in [offset, runsBytes, bodyBytes, rows, rawBytes, filter.count] { bytes.appendVarint(UInt64(word)) }
        bytes.appendZigZag(minNs)
        bytes.appendVarint(UInt64(bitPattern: maxNs &- minNs))
        bytes.appendVarint(UInt64(firstStream))
        bytes.appendVarint(UInt64(lastStream))
        bytes.appendLittleEndian(runsSum)
    }

    /// Leaves the place of the filter to be known, but for its length.
    init(_ reader: inout ByteReader) throws(DecodeError) {
        func word() throws(DecodeError) -> Int { Int(clamping: try reader.readVarint()) }
        (offset, runsBytes, bodyBytes) = (try word(), try word(), try word())
        (rows, rawBytes) = (try word(), try word())
        filter = 0..<(try word())
        minNs = try reader.readZigZag()
        maxNs = minNs &+ Int64(bitPattern: try reader.readVarint())
        firstStream = UInt32(truncatingIfNeeded: try reader.readVarint())
        lastStream = UInt32(truncatingIfNeeded: try reader.readVarint())
        runsSum = try reader.readLittleEndian(UInt32.self)
    }

    init() {}
}

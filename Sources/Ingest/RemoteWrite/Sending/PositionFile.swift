import Encoding
import Posix
import Storage

/// Up to where a receiver has what a feed brings, in a file that the end of the process cannot harm: two places that are
/// written in turns, each with its checksum. Ingest.docc/RemoteWritePosition.md draws it.
struct PositionFile: ~Copyable {
    private static let version: UInt8 = 1
    static let placeBytes = 24

    private let file: File
    private var turn: UInt32 = 0
    /// What the file says; nil for a new one and for one that makes no sense.
    let found: FeedPosition?

    init(_ path: String, in system: any FileSystem) throws(SystemError) {
        let opened = try File(path, .readWrite, in: system)
        var bytes = [UInt8](repeating: 0, count: 2 * Self.placeBytes)
        var span = bytes.mutableSpan
        let count = try opened.read(into: &span, at: 0)
        var newest: (turn: UInt32, position: UInt64)?
        for place in 0..<2 where (place + 1) * Self.placeBytes <= count {
            let content = bytes.span.extracting(place * Self.placeBytes..<(place + 1) * Self.placeBytes)
            guard let read = try? Self.read(content) else { continue }  // it was being written when the process ended
            if newest.map({ $0.turn < read.turn }) ?? true { newest = read }
        }
        found = newest.map { FeedPosition($0.position) }
        turn = newest?.turn ?? 0
        file = opened
    }

    /// Not synced: a loss of power costs that something is sent twice.
    mutating func write(_ position: FeedPosition) throws(SystemError) {
        turn &+= 1
        var bytes: [UInt8] = [Self.version, 0, 0, 0]
        bytes.appendLittleEndian(turn)
        bytes.appendLittleEndian(position.value)
        bytes.appendLittleEndian(UInt32(0))
        bytes.appendLittleEndian(CRC32C.of(bytes.span))
        try file.write(bytes.span, at: Int(turn % 2) * Self.placeBytes)
    }

    private static func read(_ place: Span<UInt8>) throws(DecodeError) -> (turn: UInt32, position: UInt64) {
        var reader = ByteReader(place)
        let version = try reader.readByte()
        try reader.skip(3)
        let turn = try reader.readLittleEndian(UInt32.self)
        let position = try reader.readLittleEndian(UInt64.self)
        try reader.skip(4)
        let sum = try reader.readLittleEndian(UInt32.self)
        guard version == Self.version, sum == CRC32C.of(place.extracting(0..<placeBytes - 4)) else {
            throw DecodeError(.invalidCharacter(version), at: 0)
        }
        return (turn, position)
    }
}

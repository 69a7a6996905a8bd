import Encoding
import Posix

/// Segments of the trail that were moved out of the database, oldest first. obs never deletes them.
struct AuditArchive: Sendable {
    private static let magic = Array("OBSAUDIT".utf8)
    private static let formatVersion: UInt8 = 1
    private static let segmentBytesMax = 256 << 20

    let directory: String
    let system: any FileSystem

    /// A segment's file and the entries that its name says it holds.
    struct Segment: Sendable, Equatable {
        let name: String
        let first: Int64
        let last: Int64
    }

    /// By their first entry; files with other names are not looked at.
    func segments() throws(SystemError) -> [Segment] {
        guard try system.status(at: directory) != nil else { return [] }
        return try system.list(directory).compactMap(Self.segment).sorted { $0.first < $1.first }
    }

    /// Writes entries that follow `previous`; returns when they are on the disk. The same entries give the same file.
    func write(_ entries: [AuditEntry], after previous: AuditPoint) throws(SystemError) {
        guard let first = entries.first, let last = entries.last else { return }
        var bytes = Self.magic
        bytes.append(Self.formatVersion)
        bytes.append(contentsOf: previous.hash)
        for entry in entries {
            let encoded = AuditEncoding.bytes(sequence: entry.sequence, entry.event)
            bytes.appendLittleEndian(UInt32(encoded.count))
            bytes.append(contentsOf: encoded)
            bytes.append(contentsOf: entry.hash)
        }
        try system.createDirectories(directory)
        let name = "audit-\(Self.padded(first.sequence))-\(Self.padded(last.sequence))"
        try system.replaceFile(FilePath.join(directory, name), with: bytes.span)
    }

    /// The point that the segment follows and its entries, as they are in the file.
    func read(_ segment: Segment) throws(AuditArchiveError) -> (previous: [UInt8], entries: [AuditEntry]) {
        let bytes: [UInt8]
        do {
            bytes = try system.readFile(
                FilePath.join(directory, segment.name), atMostBytes: Self.segmentBytesMax)
        } catch {
            throw .unreadable(error)
        }
        guard bytes.starts(with: Self.magic) else { throw .malformed("it does not begin as an archive does") }
        do throws(DecodeError) {
            var reader = ByteReader(bytes.span)
            try reader.skip(Self.magic.count)
            let version = try reader.readByte()
            guard version == Self.formatVersion else { throw DecodeError(.truncated(missing: 0), at: 8) }
            var previous: [UInt8] = []
            previous.append(try reader.readBytes(32))
            var entries: [AuditEntry] = []
            while !reader.isAtEnd {
                let count = try reader.readLittleEndian(UInt32.self)
                var body = try reader.readSlice(Int(count))
                let (sequence, event) = try AuditEncoding.decode(&body)
                guard body.isAtEnd else { throw DecodeError(.truncated(missing: 0), at: reader.offset) }
                var hash: [UInt8] = []
                hash.append(try reader.readBytes(32))
                entries.append(AuditEntry(sequence: sequence, event: event, hash: hash))
            }
            return (previous, entries)
        } catch {
            throw .malformed("its bytes end or change inside of an entry (\(error))")
        }
    }

    private static func segment(_ name: String) -> Segment? {
        let parts = name.split(separator: "-")
        guard parts.count == 3, parts[0] == "audit", let first = Int64(parts[1]), let last = Int64(parts[2]) else {
            return nil
        }
        return Segment(name: name, first: first, last: last)
    }

    private static func padded(_ number: Int64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }
}

/// Why a segment cannot be read.
enum AuditArchiveError: Error {
    case unreadable(SystemError)
    case malformed(String)
}

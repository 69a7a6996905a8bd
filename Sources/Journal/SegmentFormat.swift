import Encoding
import Posix

/// The file of a segment: its name, and the header before its records. Journal.docc/Segments.md draws it.
struct Segment: Equatable, Sendable {
    static let headerBytes = 32
    static let magic: [UInt8] = Array("OBSJRNL".utf8)
    static let formatVersion: UInt8 = 1
    static let suffix = ".journal"

    /// What came before a segment.
    enum Origin: UInt8 {
        /// The same process filled the segment before, whose acknowledged end is exactly where this one begins.
        case continued = 1
        /// The journal was opened anew; what the segment before holds behind its last record is not missed.
        case reopened = 2
    }

    let path: String
    /// The position of the first byte of the file.
    let base: JournalPosition

    init(in directory: String, base: JournalPosition) {
        let hexadecimal = String(base.value, radix: 16)
        let name = String(repeating: "0", count: 16 - hexadecimal.count) + hexadecimal + Self.suffix
        path = FilePath.join(directory, name)
        self.base = base
    }

    /// nil for a file that is no segment.
    init?(in directory: String, name: String) {
        guard name.hasSuffix(Self.suffix), let base = UInt64(name.dropLast(Self.suffix.count), radix: 16) else {
            return nil
        }
        self.init(in: directory, base: JournalPosition(base))
        guard FilePath.name(of: path) == name else { return nil }
    }

    struct Header: Equatable {
        let base: JournalPosition
        let salt: UInt64
        let origin: Origin

        var bytes: [UInt8] {
            var bytes = Segment.magic
            bytes.append(Segment.formatVersion)
            bytes.appendLittleEndian(base.value)
            bytes.appendLittleEndian(salt)
            bytes.append(contentsOf: [origin.rawValue, 0, 0, 0])
            bytes.appendLittleEndian(CRC32C.of(bytes.span))
            return bytes
        }
    }

    enum HeaderReading: Equatable {
        case header(Header)
        case unknownVersion(UInt8)
        case corrupt
    }

    static func readHeader(_ bytes: [UInt8]) -> HeaderReading {
        guard bytes.count >= headerBytes, bytes.starts(with: magic) else { return .corrupt }
        // Before the version, or a flipped bit in it would pass for a newer obs.
        guard littleEndian(bytes, at: 28, as: UInt32.self) == CRC32C.of(bytes.span.extracting(..<28)) else {
            return .corrupt
        }
        guard bytes[7] == formatVersion else { return .unknownVersion(bytes[7]) }
        guard let origin = Origin(rawValue: bytes[24]) else { return .corrupt }
        let base = JournalPosition(littleEndian(bytes, at: 8, as: UInt64.self))
        return .header(Header(base: base, salt: littleEndian(bytes, at: 16, as: UInt64.self), origin: origin))
    }

    private static func littleEndian<T: FixedWidthInteger>(_ bytes: [UInt8], at offset: Int, as type: T.Type) -> T {
        (0..<MemoryLayout<T>.size).reduce(0) { $0 | T(truncatingIfNeeded: bytes[offset + $1]) << (8 * $1) }
    }
}

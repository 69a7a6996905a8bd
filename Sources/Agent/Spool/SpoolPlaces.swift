import Encoding
import Posix

/// How far each source is read into the spool, as of a position of its journal.
struct SpoolPlaces: Sendable, Equatable {
    static let formatVersion: UInt8 = 1
    static let fileName = "places"
    private static let fileBytesMax = 64 << 20

    var position: UInt64 = 0
    var places: [String: String] = [:]

    func write(into directory: String, _ system: any FileSystem) throws(SystemError) {
        var bytes: [UInt8] = [Self.formatVersion]
        bytes.appendLittleEndian(position)
        SpoolRecord.append(places, to: &bytes)
        bytes.appendLittleEndian(CRC32C.of(bytes.span))
        try system.replaceFile(FilePath.join(directory, Self.fileName), with: bytes.span)
    }

    /// What the file says; nothing where it is missing or damaged, so that the journal alone counts.
    static func read(from directory: String, _ system: any FileSystem) -> SpoolPlaces {
        let path = FilePath.join(directory, fileName)
        guard let bytes = try? system.readFile(path, atMostBytes: fileBytesMax),  // as above
            bytes.count > 4
        else { return SpoolPlaces() }
        let content = bytes.span.extracting(first: bytes.count - 4)
        var sum = ByteReader(bytes.span.extracting(last: 4))
        do throws(DecodeError) {
            guard try sum.readLittleEndian(UInt32.self) == CRC32C.of(content) else { return SpoolPlaces() }
            var reader = ByteReader(content)
            guard try reader.readByte() == formatVersion else { return SpoolPlaces() }
            let position = try reader.readLittleEndian(UInt64.self)
            return SpoolPlaces(position: position, places: try SpoolRecord.places(&reader))
        } catch {
            return SpoolPlaces()
        }
    }
}

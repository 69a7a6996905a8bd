import Encoding

/// One record of the spool: a request as it is sent, and how far its sources are read with it. The format is described in
/// `Agent.docc/Spool.md`.
struct SpoolRecord: Sendable, Equatable {
    enum Kind: UInt8, Sendable {
        case logs = 1
        case metrics = 2
    }

    static let formatVersion: UInt8 = 1

    var kind: Kind
    /// Which batch of this sender it is; grows from record to record.
    var sequence: UInt64
    /// Lines or samples.
    var count: Int
    /// Places in sources behind what the record holds, by source.
    var places: [String: String] = [:]
    var body: [UInt8]

    func encoded() -> [UInt8] {
        var bytes: [UInt8] = [Self.formatVersion]
        bytes.appendLittleEndian(sequence)
        bytes.appendLittleEndian(UInt32(clamping: count))
        Self.append(places, to: &bytes)
        bytes += body
        return bytes
    }

    init(kind: Kind, sequence: UInt64, count: Int, places: [String: String] = [:], body: [UInt8]) {
        self.kind = kind
        self.sequence = sequence
        self.count = count
        self.places = places
        self.body = body
    }

    /// Nil for a record of another version or kind, or one that does not hold what it should.
    init?(type: UInt8, _ payload: Span<UInt8>) {
        guard let kind = Kind(rawValue: type) else { return nil }
        self.kind = kind
        var reader = ByteReader(payload)
        do throws(DecodeError) {
            guard try reader.readByte() == Self.formatVersion else { return nil }
            sequence = try reader.readLittleEndian(UInt64.self)
            count = Int(try reader.readLittleEndian(UInt32.self))
            places = try Self.places(&reader)
            body = []
            body.append(try reader.readBytes(reader.remaining))
        } catch {
            return nil
        }
    }

    /// A number of pairs, then each text with its length, all numbers of 4 bytes.
    static func append(_ places: [String: String], to bytes: inout [UInt8]) {
        bytes.appendLittleEndian(UInt32(places.count))
        for (source, place) in places {
            for text in [source, place] {
                bytes.appendLittleEndian(UInt32(text.utf8.count))
                bytes += text.utf8
            }
        }
    }

    static func places(_ reader: inout ByteReader) throws(DecodeError) -> [String: String] {
        var places: [String: String] = [:]
        for _ in 0..<(try reader.readLittleEndian(UInt32.self)) {
            let source = try text(&reader)
            places[source] = try text(&reader)
        }
        return places
    }

    private static func text(_ reader: inout ByteReader) throws(DecodeError) -> String {
        let count = Int(try reader.readLittleEndian(UInt32.self))
        var bytes: [UInt8] = []
        bytes.append(try reader.readBytes(count))
        return String(decoding: bytes, as: UTF8.self)
    }
}

import Encoding

/// The 16 bytes before each payload. Journal.docc/Segments.md draws them.
struct RecordHeader: Equatable {
    static let bytes = 16
    /// Stands for damage that was cut out of a segment; its payload is not looked at. No owner's record has it.
    static let gapType: UInt8 = 0

    enum Coding: UInt8 {
        case plain = 0
        case lz4 = 1
    }

    let type: UInt8
    let coding: Coding
    /// Bytes of the payload as it is stored.
    let storedBytes: Int
    /// Bytes of the payload as its owner gave it.
    let payloadBytes: Int
    /// All of the record in the file.
    var recordBytes: Int { Self.bytes + storedBytes }
}

/// Makes and checks the checksums of the records of one segment.
///
/// They begin with the segment's random salt, so that a payload which was made to look like records, by whoever sends
/// us data, is never taken for some when a reader looks for the next record behind damage.
struct RecordSeal {
    private let salted: CRC32C

    init(salt: UInt64) {
        var sum = CRC32C()
        var bytes: [UInt8] = []
        bytes.appendLittleEndian(salt)
        sum.add(bytes.span)
        salted = sum
    }

    /// The header of a record with this stored payload, as it is written.
    func sealed(_ header: RecordHeader, _ stored: Span<UInt8>) -> InlineArray<16, UInt8> {
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        Self.store(UInt32(header.storedBytes), to: &bytes, at: 0)
        Self.store(UInt32(header.payloadBytes), to: &bytes, at: 4)
        bytes[8] = header.type
        bytes[9] = header.coding.rawValue
        Self.store(check(bytes.span.extracting(first: 10)), to: &bytes, at: 10)
        Self.store(checksum(bytes.span.extracting(first: 12), stored), to: &bytes, at: 12)
        return bytes
    }

    private static func store<T: FixedWidthInteger>(_ value: T, to bytes: inout InlineArray<16, UInt8>, at offset: Int)
    {
        for index in 0..<MemoryLayout<T>.size {
            bytes[offset + index] = UInt8(truncatingIfNeeded: value >> T(8 * index))
        }
    }

    /// The header that `bytes` begins with at `offset`, or nil if there is none whose own check holds.
    func readHeader(_ bytes: Span<UInt8>, at offset: Int) -> RecordHeader? {
        // The one-byte test first: it settles nearly every offset when a reader tries them one by one.
        guard let coding = RecordHeader.Coding(rawValue: bytes[offset + 9]) else { return nil }
        let header = bytes.extracting(offset..<offset + RecordHeader.bytes)
        let found = UInt16(header[10]) | UInt16(header[11]) << 8
        guard found == check(header.extracting(first: 10)) else { return nil }
        return RecordHeader(
            type: header[8], coding: coding, storedBytes: Int(Self.word(header, at: 0)),
            payloadBytes: Int(Self.word(header, at: 4)))
    }

    /// Whether header and payload of a record belong together and are unharmed.
    func holds(for header: Span<UInt8>, _ stored: Span<UInt8>) -> Bool {
        Self.word(header, at: 12) == checksum(header.extracting(first: 12), stored)
    }

    /// Of the ten bytes before it: tells a header from other bytes, so that few payloads are checked in vain.
    private func check(_ header: Span<UInt8>) -> UInt16 {
        var sum = salted
        sum.add(header)
        return UInt16(truncatingIfNeeded: sum.value)
    }

    /// Of all of the record but itself.
    private func checksum(_ header: Span<UInt8>, _ stored: Span<UInt8>) -> UInt32 {
        var sum = salted
        sum.add(header)
        sum.add(stored)
        return sum.value
    }

    private static func word(_ bytes: Span<UInt8>, at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
    }
}

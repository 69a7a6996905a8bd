/// A cursor over one message on the wire.
///
///     while let tag = try message.nextTag() {
///         switch tag {
///         case .bytes(1): var series = try message.readMessage() ...
///         case .varint(2): timestamp = Int64(bitPattern: try message.readVarint())
///         default: try message.skip(tag)
///         }
///     }
///
/// Its steps are inlined into the room that calls them. Runs of numbers are read whole (`ProtobufReader+Packed`).
/// Refused are truncation, varints above 64 bits, field numbers outside of 1 to 2^29 - 1, groups (which no message
/// that we read has) and messages nested deeper than `depthMax`.
@usableFromInline
package struct ProtobufReader: ~Escapable {
    @usableFromInline var bytes: ByteReader
    @usableFromInline let depth: Int

    /// As in protobuf's own libraries.
    @usableFromInline
    package static let depthMax = 100

    @inlinable
    @_lifetime(copy span)
    package init(_ span: Span<UInt8>) {
        self.init(ByteReader(span), depth: 0)
    }

    @inlinable
    @_lifetime(copy bytes)
    init(_ bytes: ByteReader, depth: Int) {
        self.bytes = bytes
        self.depth = depth
    }

    /// Where the next byte is read, from the start of the whole input.
    @inlinable package var offset: Int { bytes.offset }
    @inlinable package var isAtEnd: Bool { bytes.isAtEnd }

    /// The next field, which has to be read or skipped, or nil at the end of the message.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func nextTag() throws(DecodeError) -> ProtobufTag? {
        if bytes.isAtEnd { return nil }
        let start = bytes.offset
        let raw = try bytes.readVarint()
        // Bit n tells that wire type n is known: 0, 1, 2 and 5.
        if raw < 8 || raw > UInt64(UInt32.max) || 0b10_0111 &>> (raw & 7) & 1 == 0 { throw Self.refused(raw, start) }
        return ProtobufTag(unchecked: UInt32(truncatingIfNeeded: raw))
    }

    @usableFromInline @inline(never)
    static func refused(_ raw: UInt64, _ offset: Int) -> DecodeError {
        raw < 8 || raw > UInt64(UInt32.max)
            ? DecodeError(.invalidFieldNumber(raw >> 3), at: offset)
            : DecodeError(.unsupportedWireType(UInt8(raw & 7)), at: offset)
    }

    /// `int32`, `int64`, `uint32`, `uint64`, `bool` and enumerations all are these 64 bits.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func readVarint() throws(DecodeError) -> UInt64 { try bytes.readVarint() }

    /// `sint32` and `sint64`.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func readZigZag() throws(DecodeError) -> Int64 { try bytes.readZigZag() }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func readFixed64() throws(DecodeError) -> UInt64 { try bytes.readLittleEndian(UInt64.self) }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func readFixed32() throws(DecodeError) -> UInt32 { try bytes.readLittleEndian(UInt32.self) }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func readDouble() throws(DecodeError) -> Double { Double(bitPattern: try readFixed64()) }

    /// A string (not checked to be UTF-8), bytes, or a message for another reader; they live as long as the input.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    package mutating func readBytes() throws(DecodeError) -> Span<UInt8> {
        let count = try bytes.readVarint()
        return try bytes.readBytes(Int(truncatingIfNeeded: min(count, UInt64(Int.max))))
    }

    /// A message within this one.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    package mutating func readMessage() throws(DecodeError) -> ProtobufReader {
        if depth == Self.depthMax { throw DecodeError(.tooDeep(depthMax: Self.depthMax), at: offset) }
        let count = try bytes.readVarint()
        let message = try bytes.readSlice(Int(truncatingIfNeeded: min(count, UInt64(Int.max))))
        return ProtobufReader(message, depth: depth &+ 1)
    }

    /// Passes over the value of a field that is not wanted.
    @inlinable
    @_lifetime(self: copy self)
    package mutating func skip(_ tag: ProtobufTag) throws(DecodeError) {
        switch tag.raw & 7 {
        case 0: _ = try bytes.readVarint()
        case 1: try bytes.skip(8)
        case 2: _ = try readBytes()
        default: try bytes.skip(4)
        }
    }
}

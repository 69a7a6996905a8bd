/// A cursor over borrowed bytes that checks every step against their end.
///
/// A copy is a mark to come back to. Readers made by `readSlice` keep counting offsets from the start of the whole
/// input, so an error names the place in what was received. Meant for headers and records; for runs of numbers use
/// the block functions (`Varint`, `BitPacking`), which cross the module border once.
@usableFromInline
package struct ByteReader: ~Escapable {
    @usableFromInline let bytes: RawSpan
    @usableFromInline var position: Int
    @usableFromInline let end: Int

    @inlinable
    @_lifetime(copy span)
    package init(_ span: Span<UInt8>) {
        bytes = unsafe span.bytes
        position = 0
        end = span.count
    }

    @usableFromInline
    @_lifetime(copy bytes)
    init(bytes: RawSpan, position: Int, end: Int) {
        self.bytes = bytes
        self.position = position
        self.end = end
    }

    /// Where the next byte is read, from the start of the whole input.
    @inlinable package var offset: Int { position }
    @inlinable package var remaining: Int { end &- position }
    @inlinable package var isAtEnd: Bool { position == end }

    /// Throws unless `count` more bytes are there; a negative count is as wrong as one past the end.
    @inlinable @inline(__always)
    func need(_ count: Int) throws(DecodeError) {
        if count < 0 || count > end &- position { throw truncated(count) }
    }

    @usableFromInline @inline(never)
    func truncated(_ count: Int) -> DecodeError {
        DecodeError(.truncated(missing: count < 0 ? count : count - remaining), at: position)
    }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func readByte() throws(DecodeError) -> UInt8 {
        try need(1)
        let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: position, as: UInt8.self)
        position &+= 1
        return byte
    }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func readLittleEndian<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type
    ) throws(DecodeError) -> T {
        try need(MemoryLayout<T>.size)
        let value = unsafe bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: position, as: T.self)
        position &+= MemoryLayout<T>.size
        return T(littleEndian: value)
    }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func readBigEndian<T: FixedWidthInteger & BitwiseCopyable>(
        _ type: T.Type
    ) throws(DecodeError) -> T {
        try readLittleEndian(type).byteSwapped
    }

    /// The bytes themselves; they live as long as the input.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    package mutating func readBytes(_ count: Int) throws(DecodeError) -> Span<UInt8> {
        try need(count)
        let range = unsafe bytes.extracting(unchecked: position..<position &+ count)
        position &+= count
        return Span(_bytes: range)
    }

    /// A reader over the next `count` bytes, with offsets of the whole input.
    @inlinable @inline(__always)
    @_lifetime(copy self)
    package mutating func readSlice(_ count: Int) throws(DecodeError) -> ByteReader {
        try need(count)
        let slice = ByteReader(bytes: bytes, position: position, end: position &+ count)
        position &+= count
        return slice
    }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func skip(_ count: Int) throws(DecodeError) {
        try need(count)
        position &+= count
    }
}

/// Little-endian base-128 integers: seven bits a byte, the high bit set on all but the last. At most ten bytes.
@usableFromInline
package enum Varint {
    package static let byteCountMax = 10

    @inlinable @inline(__always)
    package static func byteCount(_ value: UInt64) -> Int {
        // Bits in use times 9/64 is their number divided by seven, rounded up, for 1...64.
        ((64 &- (value | 1).leadingZeroBitCount) &* 9 &+ 64) &>> 6
    }
}

extension ByteReader {
    /// Padding with zero groups is taken (protobuf allows it); bits beyond the 64th are refused.
    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func readVarint() throws(DecodeError) -> UInt64 {
        if position < end {
            let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: position, as: UInt8.self)
            if byte < 0x80 {
                position &+= 1
                return UInt64(byte)
            }
        }
        return try readLongVarint()
    }

    @usableFromInline
    @_lifetime(self: copy self)
    mutating func readLongVarint() throws(DecodeError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var at = position
        while at < end {
            let byte = UInt64(unsafe bytes.unsafeLoad(fromUncheckedByteOffset: at, as: UInt8.self))
            at &+= 1
            if shift == 63, byte > 1 { throw DecodeError(.overlongVarint, at: position) }
            value |= (byte & 0x7f) &<< shift
            if byte < 0x80 {
                position = at
                return value
            }
            shift &+= 7
        }
        throw DecodeError(.truncated(missing: 1), at: end)
    }

    @inlinable @inline(__always)
    @_lifetime(self: copy self)
    package mutating func readZigZag() throws(DecodeError) -> Int64 { ZigZag.decode(try readVarint()) }
}

extension [UInt8] {
    @inlinable @inline(__always)
    package mutating func appendVarint(_ value: UInt64) {
        if value < 0x80 { append(UInt8(truncatingIfNeeded: value)) } else { appendLongVarint(value) }
    }

    @usableFromInline
    mutating func appendLongVarint(_ value: UInt64) {
        append(addingCapacity: Varint.byteCountMax) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, count in
                unsafe count &+= Varint.store(value, to: buffer.baseAddress! + count)
            }
        }
    }

    @inlinable @inline(__always)
    package mutating func appendZigZag(_ value: Int64) { appendVarint(ZigZag.encode(value)) }
}

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

extension Varint {
    /// The varint at `position` and where it ends. Eight bytes are looked at together where that many are left.
    @inline(__always)
    static func decode(
        _ start: UnsafeRawPointer, _ position: Int, _ end: Int
    ) throws(DecodeError) -> (value: UInt64, end: Int) {
        guard end &- position >= 8 else { return try unsafe decodeBytewise(start, position, end) }
        let word = unsafe UInt64(littleEndian: start.loadUnaligned(fromByteOffset: position, as: UInt64.self))
        // A branch of its own: predicted, it takes the position out of the chain of loads.
        if word & 0x80 == 0 { return (word & 0x7f, position &+ 1) }
        let ends = ~word & 0x8080_8080_8080_8080
        guard ends != 0 else { return try unsafe decodeBytewise(start, position, end) }
        return (joined(word, ends), position &+ ends.trailingZeroBitCount &>> 3 &+ 1)
    }

    /// The groups of a word up to the first that `ends` has a bit for.
    @inline(__always)
    static func joined(_ word: UInt64, _ ends: UInt64) -> UInt64 {
        // Keeps the bytes up to the one that ends, then closes the gaps of one, two and four bits between groups.
        var value = word & (ends ^ (ends &- 1)) & 0x7f7f_7f7f_7f7f_7f7f
        value = (value & 0x007f_007f_007f_007f) | ((value & 0x7f00_7f00_7f00_7f00) &>> 1)
        value = (value & 0x0000_3fff_0000_3fff) | ((value & 0x3fff_0000_3fff_0000) &>> 2)
        return (value & 0x0fff_ffff) | ((value & 0x0fff_ffff_0000_0000) &>> 4)
    }

    @inline(never)
    static func decodeBytewise(
        _ start: UnsafeRawPointer, _ position: Int, _ end: Int
    ) throws(DecodeError) -> (value: UInt64, end: Int) {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        var at = position
        while at < end {
            let byte = UInt64(unsafe start.load(fromByteOffset: at, as: UInt8.self))
            at &+= 1
            if shift == 63, byte > 1 { throw DecodeError(.overlongVarint, at: position) }
            value |= (byte & 0x7f) &<< shift
            if byte < 0x80 { return (value, at) }
            shift &+= 7
        }
        throw DecodeError(.truncated(missing: 1), at: end)
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
            if position &+ 1 < end {
                let second = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: position &+ 1, as: UInt8.self)
                if second < 0x80 {
                    position &+= 2
                    return UInt64(second) &<< 7 | UInt64(byte & 0x7f)
                }
            }
        }
        let (value, next) = try longVarint()
        position = next
        return value
    }

    /// Not mutating, so that the position of a reader in a loop can stay in a register.
    @usableFromInline
    func longVarint() throws(DecodeError) -> (value: UInt64, end: Int) {
        try unsafe bytes.withUnsafeBytes { bytes throws(DecodeError) in
            guard let start = bytes.baseAddress else { throw DecodeError(.truncated(missing: 1), at: position) }
            // Within a slice the word may reach behind the end of it, as long as the varint does not.
            if position < end, bytes.count &- position >= 8 {
                let word = unsafe UInt64(littleEndian: start.loadUnaligned(fromByteOffset: position, as: UInt64.self))
                let ends = ~word & 0x8080_8080_8080_8080
                let next = position &+ ends.trailingZeroBitCount &>> 3 &+ 1
                if ends != 0, next <= end { return (Varint.joined(word, ends), next) }
            }
            return try unsafe Varint.decodeBytewise(start, position, end)
        }
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

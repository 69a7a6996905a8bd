/// Eight bytes tested at once in a 64-bit word. A result has the top bit of each byte set that passes; of several the
/// lowest one is exact, those above it may be false (a borrow runs upwards).
enum SWAR {
    @inline(__always)
    static func load(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    static func equal(_ word: UInt64, _ byte: UInt8) -> UInt64 {
        let difference = word ^ (0x0101_0101_0101_0101 &* UInt64(byte))
        return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
    }

    @inline(__always)
    static func below0x20(_ word: UInt64) -> UInt64 {
        (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
    }

    /// Which of the eight bytes, in memory order, the lowest set result belongs to.
    @inline(__always)
    static func firstIndex(_ result: UInt64) -> Int { result.trailingZeroBitCount >> 3 }
}

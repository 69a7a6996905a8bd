/// What the two hashes share: keys, loads and the multiplication that mixes.
///
/// The keys are the fraction of pi, 64 bits each, made odd: numbers that nobody chose.
enum Mixing {
    static let key0: UInt64 = 0x243f_6a88_85a3_08d3
    static let key1: UInt64 = 0x1319_8a2e_0370_7345
    static let key2: UInt64 = 0xa409_3822_299f_31d1
    static let key3: UInt64 = 0x082e_fa98_ec4e_6c89
    static let key4: UInt64 = 0x4528_21e6_38d0_1377
    static let key5: UInt64 = 0xbe54_66cf_34e9_0c6d
    static let key6: UInt64 = 0xc0ac_29b7_c97c_50dd
    static let key7: UInt64 = 0x3f84_d5b5_b547_0917

    /// Both halves of the 128-bit product, folded.
    @inline(__always)
    static func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        return product.high ^ product.low
    }

    @inline(__always)
    static func word(_ bytes: UnsafeRawPointer, _ offset: Int) -> UInt64 {
        unsafe UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// 0 to 16 bytes as two words. Together with the length every input has its own pair: the loads overlap or, for
    /// one to three bytes, repeat the middle one.
    @inline(__always)
    static func words(_ bytes: UnsafeRawPointer, upTo16 count: Int) -> (UInt64, UInt64) {
        if count >= 8 { return unsafe (word(bytes, 0), word(bytes, count &- 8)) }
        if count >= 4 {
            let first = unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
            let last = unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            return (UInt64(first), UInt64(last))
        }
        if count == 0 { return (0, 0) }
        let first = unsafe bytes.load(fromByteOffset: 0, as: UInt8.self)
        let middle = unsafe bytes.load(fromByteOffset: count &>> 1, as: UInt8.self)
        let last = unsafe bytes.load(fromByteOffset: count &- 1, as: UInt8.self)
        return (UInt64(first) | UInt64(middle) &<< 8, UInt64(last))
    }
}

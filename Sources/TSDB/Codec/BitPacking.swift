/// Unsigned integers of one width, packed without gaps, the first in the lowest bits. Widths above 56 are stored as 64:
/// every value of a smaller width lies within one eight-byte load.
enum BitPacking {
    static let widthMax = 64

    /// The width that values of `bits` bits are stored with.
    @inline(__always)
    static func storedWidth(_ bits: Int) -> Int { bits > 56 ? 64 : bits }

    @inline(__always)
    static func byteCount(_ count: Int, width: Int) -> Int { (count &* width &+ 7) >> 3 }

    /// Packs the low `width` bits of each value. `target` has room for `byteCount` and seven bytes more, which are
    /// overwritten.
    static func pack(
        _ values: UnsafePointer<UInt64>, count: Int, width: Int, to target: UnsafeMutableRawPointer
    ) {
        guard width > 0 else { return }
        if width == 64 {
            unsafe target.copyMemory(from: values, byteCount: count &* 8)
            return
        }
        let mask = (UInt64(1) << UInt64(width)) &- 1
        var pending: UInt64 = 0
        var pendingBits = 0
        var at = 0
        for index in 0..<count {
            let value = unsafe values[index] & mask
            pending |= value &<< UInt64(pendingBits)
            pendingBits &+= width
            if pendingBits >= 64 {
                unsafe target.storeBytes(of: pending.littleEndian, toByteOffset: at, as: UInt64.self)
                at &+= 8
                pendingBits &-= 64
                // A shift by the full width happens where the value ended with the word, and nothing is left of it.
                pending = pendingBits == 0 ? 0 : value &>> UInt64(width &- pendingBits)
            }
        }
        if pendingBits > 0 {
            unsafe target.storeBytes(of: pending.littleEndian, toByteOffset: at, as: UInt64.self)
        }
    }

    /// Unpacks `count` values from `source`, which holds `byteCount` readable bytes, at least as many as are needed.
    static func unpack(
        _ source: UnsafeRawPointer, byteCount: Int, count: Int, width: Int, to target: UnsafeMutablePointer<UInt64>
    ) {
        if width == 0 {
            unsafe target.update(repeating: 0, count: count)
            return
        }
        if width == 64 {
            unsafe UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count &* 8)
            return
        }
        let mask = (UInt64(1) << UInt64(width)) &- 1
        // Whole loads as long as eight bytes are there.
        let whole = byteCount < 8 ? 0 : min(count, ((byteCount &- 8) &* 8) / width &+ 1)
        var bit = 0
        for index in 0..<whole {
            let word = unsafe UInt64(littleEndian: source.loadUnaligned(fromByteOffset: bit >> 3, as: UInt64.self))
            unsafe target[index] = (word &>> UInt64(bit & 7)) & mask
            bit &+= width
        }
        for index in whole..<count {
            var word: UInt64 = 0
            let first = bit >> 3
            for offset in 0..<min(8, byteCount &- first) {
                word |=
                    unsafe UInt64(source.load(fromByteOffset: first &+ offset, as: UInt8.self)) << UInt64(offset * 8)
            }
            unsafe target[index] = (word &>> UInt64(bit & 7)) & mask
            bit &+= width
        }
    }
}

/// The order of byte strings: the first byte that differs decides, and a prefix comes first.
package enum ByteOrder {
    /// Negative, zero or positive as the first comes before, equals or comes after the second.
    package static func compare(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Int {
        let shared = sharedPrefix(a, b)
        guard shared < a.count, shared < b.count else { return a.count - b.count }
        return Int(a[shared]) - Int(b[shared])
    }

    package static func startsWith(_ a: Span<UInt8>, _ prefix: Span<UInt8>) -> Bool { a.has(prefix, at: 0) }

    /// How many bytes both begin with.
    package static func sharedPrefix(_ a: Span<UInt8>, _ b: Span<UInt8>) -> Int {
        let count = min(a.count, b.count)
        let (left, right) = unsafe (a.bytes, b.bytes)
        var index = 0
        while index + 8 <= count {
            let differing =
                unsafe left.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
                ^ right.unsafeLoadUnaligned(fromUncheckedByteOffset: index, as: UInt64.self)
            if differing != 0 { return index + UInt64(littleEndian: differing).trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count, a[index] == b[index] { index += 1 }
        return index
    }
}

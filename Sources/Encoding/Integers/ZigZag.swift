/// Signed integers as unsigned ones with the sign in the lowest bit, so that small magnitudes stay small.
@usableFromInline
package enum ZigZag {
    @inlinable @inline(__always)
    package static func encode(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

    @inlinable @inline(__always)
    package static func decode(_ value: UInt64) -> Int64 {
        Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1)
    }
}

/// The mark of a cell without a float: a quiet NaN of its own, which no calculation makes of other values.
package enum Absent {
    package static let bits: UInt64 = 0x7ff8_0000_6f62_7300
    package static let value = Double(bitPattern: bits)

    @inlinable @inline(__always)
    package static func isAbsent(_ value: Double) -> Bool { value.bitPattern == 0x7ff8_0000_6f62_7300 }

    /// A stored value as a cell: the mark itself, should anybody have stored it, is an ordinary NaN.
    @inlinable @inline(__always)
    package static func cell(_ stored: Double) -> Double { isAbsent(stored) ? .nan : stored }
}

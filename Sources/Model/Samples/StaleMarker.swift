/// The NaN that says that a series ended. It is told from every other NaN by its bits.
package enum StaleMarker {
    package static let bits: UInt64 = 0x7ff0_0000_0000_0002
    package static let value = Double(bitPattern: bits)

    @inlinable
    package static func isStale(_ value: Double) -> Bool { value.bitPattern == 0x7ff0_0000_0000_0002 }
}

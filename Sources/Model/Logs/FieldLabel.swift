/// The name of a field as labels have it.
package enum FieldLabel {
    /// Makes a label's name of a field's: what is no letter, digit or underscore becomes an underscore, and a digit does
    /// not stand first.
    package static func sanitize(_ name: inout [UInt8]) {
        if let first = name.first, 0x30...0x39 ~= first { name.insert(UInt8(ascii: "_"), at: 0) }
        for index in name.indices where !isPlain(name[index]) { name[index] = UInt8(ascii: "_") }
    }

    /// Whether a label's name may hold the byte.
    package static func isPlain(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5a ~= byte || 0x61...0x7a ~= byte || byte == 0x5f
    }
}

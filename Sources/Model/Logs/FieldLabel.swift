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

    /// Whether a value makes a label: of JSON a text, a number or a truth value; of logfmt any that is not empty.
    ///
    /// - Parameter value: without its quotes.
    package static func isValue(_ value: Span<UInt8>, isQuoted: Bool, _ format: LogFields.Format) -> Bool {
        switch format {
        case .plain: return true
        case .json:
            if isQuoted { return true }
            guard let first = value.indices.first else { return false }
            switch value[first] {
            case UInt8(ascii: "n"), UInt8(ascii: "["), UInt8(ascii: "{"): return false
            default: return true
            }
        case .logfmt:
            if value.isEmpty { return false }
            if isQuoted { return true }
            for index in value.indices where value[index] == UInt8(ascii: "=") { return false }
            return true
        }
    }
}

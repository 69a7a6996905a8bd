import Encoding

/// Names of fields as labels have them.
enum LabelNames {
    static let error = Array("__error__".utf8)
    static let errorDetails = Array("__error_details__".utf8)

    /// Makes a label's name of a field's: what is no letter, digit or underscore becomes one, and a digit does not stand
    /// first.
    static func sanitize(_ name: inout [UInt8]) {
        if let first = name.first, 0x30...0x39 ~= first { name.insert(UInt8(ascii: "_"), at: 0) }
        for index in name.indices where !isPlain(name[index]) { name[index] = UInt8(ascii: "_") }
    }

    static func isPlain(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5a ~= byte || 0x61...0x7a ~= byte || byte == 0x5f
    }

    static func isValid(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(0x30...0x39 ~= first) else { return false }
        return name.utf8.allSatisfy(isPlain)
    }
}

/// What names metrics and labels may have.
package enum NameValidation: String, Sendable, CaseIterable {
    /// Letters, digits and underscores, not beginning with a digit; metrics also colons.
    case legacy
    /// Any text that is not empty.
    case utf8

    package func isValidLabelName(_ name: String) -> Bool {
        self == .utf8 ? !name.isEmpty : Self.isLegacy(name, colons: false)
    }

    package func isValidMetricName(_ name: String) -> Bool {
        self == .utf8 ? !name.isEmpty : Self.isLegacy(name, colons: true)
    }

    private static func isLegacy(_ name: String, colons: Bool) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            case UInt8(ascii: ":"): colons
            default: false
            }
        }
    }
}

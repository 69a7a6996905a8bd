import Encoding

/// What writer and reader of JSON lines agree on.
enum JSONLines {
    /// The NaN that `null` stands for: the one that Prometheus and Go have for "not a number".
    static let nullBits: UInt64 = 0x7ff8_0000_0000_0001

    /// The bits of a NaN, 16 digits.
    static func hexadecimal(_ value: Double) -> String {
        let digits = String(value.bitPattern, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The NaN of `hexadecimal`; nil for bits of anything else.
    static func notANumber(_ text: String) -> Double? {
        guard text.utf8.count == 16, let bits = UInt64(text, radix: 16) else { return nil }
        let value = Double(bitPattern: bits)
        return value.isNaN ? value : nil
    }
}

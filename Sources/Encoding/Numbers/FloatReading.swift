/// Reads numbers as Go's strconv does, which decides what Prometheus takes for a number.
package enum FloatReading {
    /// `ParseFloat(text, 64)`: decimal and hexadecimal floats, `Inf`, `Infinity` and `NaN` in any case, underscores
    /// between digits. Nil where the text is no number, or one too large for a Double.
    package static func float(_ text: String) -> Double? {
        let bytes = Array(text.utf8)
        if let special = special(bytes) { return special }
        guard let plain = withoutUnderscores(bytes), isFloatSyntax(plain) else { return nil }
        guard let value = Double(String(decoding: plain, as: UTF8.self)), value.isFinite else { return nil }
        return value
    }

    /// A number literal of PromQL: an integer of any Go base (`0x1f`, `0o17`, `017`, `0b11`), otherwise a float.
    package static func number(_ text: String) -> Double? {
        if let integer = integer(text) { return Double(integer) }
        return float(text)
    }

    /// `ParseInt(text, 0, 64)`.
    package static func integer(_ text: String) -> Int64? {
        guard let plain = withoutUnderscores(Array(text.utf8)) else { return nil }
        var digits = plain[...]
        var isNegative = false
        if let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            digits.removeFirst()
        }
        var radix = 10
        if digits.count > 1, digits.first == UInt8(ascii: "0") {
            let prefix = digits[digits.startIndex + 1] | 0x20
            switch prefix {
            case UInt8(ascii: "x"): radix = 16
            case UInt8(ascii: "o"): radix = 8
            case UInt8(ascii: "b"): radix = 2
            default: radix = 8
            }
            digits.removeFirst(UInt8(ascii: "a")...UInt8(ascii: "z") ~= prefix ? 2 : 1)
        }
        guard let first = digits.first, first != UInt8(ascii: "-"), first != UInt8(ascii: "+") else { return nil }
        return Int64((isNegative ? "-" : "") + String(decoding: digits, as: UTF8.self), radix: radix)
    }

    private static func special(_ bytes: [UInt8]) -> Double? {
        var name = bytes[...]
        var isNegative = false
        if let sign = name.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            name.removeFirst()
            if name.count == 3, lowercased(name) == "nan" { return nil }
        }
        switch lowercased(name) {
        case "inf", "infinity": return isNegative ? -.infinity : .infinity
        case "nan": return .nan
        default: return nil
        }
    }

    private static func lowercased(_ bytes: ArraySlice<UInt8>) -> String {
        String(decoding: bytes, as: UTF8.self).lowercased()
    }

    /// Nil where an underscore stands anywhere but between digits or after a base prefix.
    private static func withoutUnderscores(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.contains(UInt8(ascii: "_")) else { return bytes }
        var plain: [UInt8] = []
        let isHex = bytes.count > 2 && bytes.prefix(3).contains { $0 | 0x20 == UInt8(ascii: "x") }
        for (index, byte) in bytes.enumerated() {
            guard byte == UInt8(ascii: "_") else {
                plain.append(byte)
                continue
            }
            guard index > 0, index + 1 < bytes.count else { return nil }
            let before = bytes[index - 1]
            let followsPrefix = index >= 2 && bytes[index - 2] == UInt8(ascii: "0") && isLetter(before)
            guard isDigit(before, isHex: isHex) || followsPrefix, isDigit(bytes[index + 1], isHex: isHex) else {
                return nil
            }
        }
        return plain
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
    }

    private static func isDigit(_ byte: UInt8, isHex: Bool) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            || isHex && UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20
    }

    /// What `Double.init` takes beyond Go's syntax is refused here: a hexadecimal float needs its `p`.
    private static func isFloatSyntax(_ bytes: [UInt8]) -> Bool {
        var digits = bytes[...]
        if digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+") { digits.removeFirst() }
        let isHex =
            digits.count > 2 && digits.first == UInt8(ascii: "0")
            && digits[digits.startIndex + 1] | 0x20 == UInt8(ascii: "x")
        if isHex {
            return digits.contains { $0 | 0x20 == UInt8(ascii: "p") }
        }
        return !digits.isEmpty
            && digits.allSatisfy {
                isDigit($0, isHex: false) || $0 == UInt8(ascii: ".") || $0 | 0x20 == UInt8(ascii: "e")
                    || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+")
            }
    }
}

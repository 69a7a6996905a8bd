/// A scalar and how it may be read. Which kind it is depends on who asks: a setting that wants text takes `123` or
/// `true` as text, as Prometheus does.
package struct YAMLScalar: Sendable {
    package let text: String
    /// Written without quotes and without a tag that makes it text: only such a scalar can be null, a truth value
    /// or a number.
    package let isPlain: Bool
    let isNull: Bool

    init(text: String, isPlain: Bool) {
        self.text = text
        self.isPlain = isPlain
        isNull = isPlain && ["", "~", "null", "Null", "NULL"].contains(text)
    }
}

extension YAMLScalar {
    /// YAML 1.1's words, which Prometheus takes where a truth value is wanted.
    package var bool: Bool? {
        guard isPlain else { return nil }
        return switch text {
        case "true", "True", "TRUE", "y", "Y", "yes", "Yes", "YES", "on", "On", "ON": true
        case "false", "False", "FALSE", "n", "N", "no", "No", "NO", "off", "Off", "OFF": false
        default: nil
        }
    }

    /// Decimal, `0x`, `0o`, `0b` and C's octal, with `_` between digits, and floats without a fraction (`1e6`).
    package var int: Int? {
        guard isPlain else { return nil }
        let digits = text.utf8.filter { $0 != UInt8(ascii: "_") }
        var body = digits[...]
        var isNegative = false
        if let sign = body.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
            isNegative = sign == UInt8(ascii: "-")
            body = body.dropFirst()
        }
        guard let first = body.first, first >= UInt8(ascii: "0"), first <= UInt8(ascii: "9") else { return nil }
        let (radix, skip) = Self.radix(of: body)
        let number = String(decoding: body.dropFirst(skip), as: UTF8.self)
        if let value = Int((isNegative ? "-" : "") + number, radix: radix) { return value }
        guard radix == 10, let value = float else { return nil }
        return Int(exactly: value)
    }

    /// A number with or without a fraction, `.inf`, `-.inf` and `.nan`.
    package var float: Double? {
        guard isPlain else { return nil }
        switch text {
        case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .infinity
        case "-.inf", "-.Inf", "-.INF": return -.infinity
        case ".nan", ".NaN", ".NAN": return .nan
        default: break
        }
        let isNumber = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"),
                UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        return isNumber ? Double(text.filter { $0 != "_" }) : nil
    }

    private static func radix(of digits: ArraySlice<UInt8>) -> (radix: Int, skip: Int) {
        guard digits.count > 1, digits.first == UInt8(ascii: "0") else { return (10, 0) }
        switch digits[digits.startIndex + 1] {
        case UInt8(ascii: "x"), UInt8(ascii: "X"): return (16, 2)
        case UInt8(ascii: "o"), UInt8(ascii: "O"): return (8, 2)
        case UInt8(ascii: "b"), UInt8(ascii: "B"): return (2, 2)
        case UInt8(ascii: "0")...UInt8(ascii: "7"): return (8, 1)
        default: return (10, 0)
        }
    }
}

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
        return FloatReading.integer(text).map(Int.init) ?? float.flatMap(Int.init(exactly:))
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
}

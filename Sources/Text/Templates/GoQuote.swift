import Encoding

/// Go's quoting: `strconv.Quote` and what reads it back.
enum GoQuote {
    static func quoted(_ text: String, asciiOnly: Bool = false) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars { quoted += escaped(scalar, quote: "\"", asciiOnly: asciiOnly) }
        return quoted + "\""
    }

    /// A character between single quotes.
    static func quoted(_ scalar: Unicode.Scalar, asciiOnly: Bool = false) -> String {
        "'\(escaped(scalar, quote: "'", asciiOnly: asciiOnly))'"
    }

    private static func escaped(_ scalar: Unicode.Scalar, quote: Unicode.Scalar, asciiOnly: Bool) -> String {
        switch scalar {
        case "\\", quote: return "\\\(scalar)"
        case "\u{7}": return "\\a"
        case "\u{8}": return "\\b"
        case "\u{c}": return "\\f"
        case "\n": return "\\n"
        case "\r": return "\\r"
        case "\t": return "\\t"
        case "\u{b}": return "\\v"
        case _ where scalar.value < 0x20 || scalar.value == 0x7f: return "\\x" + hex(scalar.value, 2)
        case _ where scalar.isASCII || (!asciiOnly && isPrintable(scalar)): return String(Character(scalar))
        case _ where scalar.value < 0x10000: return "\\u" + hex(scalar.value, 4)
        default: return "\\U" + hex(scalar.value, 8)
        }
    }

    /// Letters, marks, numbers, punctuation and symbols; of the blanks only the plain one.
    static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    static func hex(_ value: UInt32, _ width: Int, uppercase: Bool = false) -> String {
        let digits = String(value, radix: 16, uppercase: uppercase)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// What a quoted string stands for; nil where it is malformed. Bytes that are not UTF-8 become U+FFFD.
    static func unquoted(_ source: ArraySlice<UInt8>) -> String? {
        let text = String(decoding: source, as: UTF8.self)
        let bytes = try? StringEscapes.resolve(text)  // the caller names the place and shows the text
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// How Go's lexer names a character that it does not know: `U+0021 '!'`.
    static func name(of text: [UInt8], at offset: Int) -> String {
        guard let scalar = String(decoding: text[offset...].prefix(4), as: UTF8.self).unicodeScalars.first else {
            return "EOF"
        }
        return "U+\(hex(scalar.value, 4, uppercase: true)) \(quoted(scalar))"
    }
}

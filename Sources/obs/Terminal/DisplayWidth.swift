/// Text in columns of a terminal.
enum DisplayWidth {
    /// Columns that a text takes: two for characters of East Asian scripts and pictures.
    static func of(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

    /// The text with blanks to a width; a longer text stays as it is.
    static func padded(_ text: String, to columns: Int, alignsRight: Bool = false) -> String {
        let blanks = String(repeating: " ", count: max(0, columns - of(text)))
        return alignsRight ? blanks + text : text + blanks
    }

    /// The beginning of a longer text with `…` behind it.
    static func cut(_ text: String, to columns: Int) -> String {
        if of(text) <= columns { return text }
        var kept = ""
        var used = 1
        for character in text {
            used += width(character)
            if used > columns { break }
            kept.append(character)
        }
        return kept + "…"
    }

    /// The text with control characters spelled out, so that what a server says can neither break a line nor command
    /// the terminal.
    static func printable(_ text: String) -> String {
        if text.unicodeScalars.allSatisfy({ !isControl($0) }) { return text }
        var printable = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": printable += "\\n"
            case "\t": printable += "\\t"
            case "\r": printable += "\\r"
            case _ where isControl(scalar): printable += "\\u{\(String(scalar.value, radix: 16))}"
            default: printable.unicodeScalars.append(scalar)
            }
        }
        return printable
    }

    /// Controls, and marks that turn the direction of a line or break it.
    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    private static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
            0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f680...0x1f6ff, 0x1f900...0x1f9ff,
            0x20000...0x3fffd:
            return 2
        default: return first.properties.generalCategory == .nonspacingMark ? 0 : 1
        }
    }
}

import Encoding

/// One value by one verb of a format.
struct FormattedValue {
    let verb: FormatVerb
    let letter: Unicode.Scalar

    func text(_ value: TemplateValue) -> String {
        switch letter {
        case "T": return verb.padded(value.typeName)
        case "p": return complaint(value)
        default: break
        }
        switch value {
        case .nothing: return letter == "v" ? verb.padded("<nil>", zeroPads: false) : "%!\(letter)(<nil>)"
        case .bool(let value): return bool(value)
        case .int(let value): return integer(value)
        case .float(let value): return float(value)
        case .string(let text), .markup(let text): return string(text, value)
        case .object(let object): return self.text(object.value)
        case .list(let list): return self.list(list)
        case .map(let map): return self.map(map)
        case .record(let record): return self.record(record)
        }
    }

    /// What Go prints for a verb that does not fit.
    private func complaint(_ value: TemplateValue) -> String {
        "%!\(letter)(\(value.typeName)=\(FormattedValue(verb: verb, letter: "v").text(value)))"
    }

    private func bool(_ value: Bool) -> String {
        guard letter == "t" || letter == "v" else { return complaint(.bool(value)) }
        return verb.padded(value ? "true" : "false")
    }
}

/// Numbers.
extension FormattedValue {
    /// With `%+v` the sign asks for the names of fields.
    private var showsPlus: Bool { verb.plus && letter != "v" }

    private func integer(_ value: Int) -> String {
        switch letter {
        case "v", "d": return number(value, radix: 10, prefix: "")
        case "b": return number(value, radix: 2, prefix: verb.sharp ? "0b" : "")
        case "o": return number(value, radix: 8, prefix: verb.sharp ? "0" : "")
        case "O": return number(value, radix: 8, prefix: "0o")
        case "x": return number(value, radix: 16, prefix: verb.sharp ? "0x" : "")
        case "X": return number(value, radix: 16, prefix: verb.sharp ? "0X" : "", uppercase: true)
        case "c": return verb.padded(String(Character(scalar(value))))
        case "q": return verb.padded(GoQuote.quoted(scalar(value), asciiOnly: verb.plus))
        case "U":
            let quoted = verb.sharp ? " '\(scalar(value))'" : ""
            return verb.padded("U+\(GoQuote.hex(UInt32(truncatingIfNeeded: value), 4, uppercase: true))\(quoted)")
        default: return complaint(.int(value))
        }
    }

    private func scalar(_ value: Int) -> Unicode.Scalar {
        UInt32(exactly: value).flatMap(Unicode.Scalar.init) ?? "\u{fffd}"
    }

    private func number(_ value: Int, radix: Int, prefix: String, uppercase: Bool = false) -> String {
        var digits = String(value.magnitude, radix: radix, uppercase: uppercase)
        if let precision = verb.precision {
            if precision == 0, value == 0 { return String(repeating: " ", count: verb.width ?? 0) }
            digits = String(repeating: "0", count: max(0, precision - digits.count)) + digits
        }
        let sign = value < 0 ? "-" : showsPlus ? "+" : verb.space ? " " : ""
        if verb.zero, verb.precision == nil, let width = verb.width {
            digits = String(repeating: "0", count: max(0, width - digits.count - sign.count)) + digits
        }
        return verb.padded(sign + prefix + digits, zeroPads: false)
    }

    private func float(_ value: Double) -> String {
        var body: String
        switch letter {
        case "v": body = general(value, verb.precision)
        case "g": body = general(value, verb.precision)
        case "G": body = general(value, verb.precision).uppercased()
        case "e": body = FloatText.exponential(value, decimals: verb.precision ?? 6)
        case "E": body = FloatText.exponential(value, decimals: verb.precision ?? 6).uppercased()
        case "f", "F": body = FloatText.fixed(value, decimals: verb.precision ?? 6)
        case "b", "x", "X": return hexadecimal(value)
        default: return complaint(.float(value))
        }
        if body.uppercased() == "+INF" || body.uppercased() == "NAN" {
            body = value.isNaN ? "NaN" : verb.space && !showsPlus ? " Inf" : "+Inf"
            if value.isNaN, showsPlus { body = "+NaN" }
            return verb.padded(body, zeroPads: false)
        }
        if value.isInfinite { return verb.padded("-Inf", zeroPads: false) }
        if !body.hasPrefix("-") { body = (showsPlus ? "+" : verb.space ? " " : "") + body }
        return verb.padded(body)
    }

    private func general(_ value: Double, _ precision: Int?) -> String {
        guard let precision else { return FloatText.general(value) }
        return FloatText.general(value, significant: max(1, precision))
    }

    /// `%x` and `%b` of a float: the bits, as hexadecimal mantissa or as a plain power of two.
    private func hexadecimal(_ value: Double) -> String {
        guard value.isFinite else { return verb.padded(FloatText.general(value), zeroPads: false) }
        let sign = value.sign == .minus ? "-" : verb.plus ? "+" : ""
        if letter == "b" {
            let exponent = value.isNormal ? Int(value.exponentBitPattern) - 1075 : -1074
            let mantissa = value.significandBitPattern | (value.isNormal ? 1 << 52 : 0)
            return verb.padded("\(sign)\(mantissa)p\(exponent < 0 ? "-" : "+")\(abs(exponent))")
        }
        var digits = ""
        if value != 0 {
            digits = GoQuote.hex(UInt32(value.significandBitPattern >> 32), 5)
            digits += GoQuote.hex(UInt32(truncatingIfNeeded: value.significandBitPattern), 8)
            while digits.last == "0" { digits.removeLast() }
        }
        let exponent = value == 0 ? 0 : Int(value.exponent)
        let lead = value == 0 ? "0" : "1"
        let power = "p\(exponent < 0 ? "-" : "+")\(abs(exponent) < 10 ? "0" : "")\(abs(exponent))"
        let text = "\(sign)0x\(lead)\(digits.isEmpty ? "" : ".")\(digits)\(power)"
        return verb.padded(letter == "X" ? text.uppercased() : text)
    }
}

/// Texts and collections.
extension FormattedValue {
    private func string(_ text: String, _ value: TemplateValue) -> String {
        let cut = verb.precision.map { String(String.UnicodeScalarView(text.unicodeScalars.prefix($0))) } ?? text
        switch letter {
        case "v": return verb.padded(verb.sharp ? GoQuote.quoted(cut) : cut)
        case "s": return verb.padded(cut)
        case "q":
            let canBeRaw =
                verb.sharp && !cut.contains("`") && cut.unicodeScalars.allSatisfy { $0 == "\t" || $0.value >= 0x20 }
            return verb.padded(canBeRaw ? "`\(cut)`" : GoQuote.quoted(cut, asciiOnly: verb.plus))
        case "x", "X": return verb.padded(bytes(text))
        default: return complaint(.string(text))
        }
    }

    private func bytes(_ text: String) -> String {
        let bytes = Array(text.utf8).prefix(verb.precision ?? .max)
        let prefix = verb.sharp ? "0\(letter)" : ""
        let pairs = bytes.map { GoQuote.hex(UInt32($0), 2, uppercase: letter == "X") }
        if pairs.isEmpty { return "" }
        return verb.space ? pairs.map { prefix + $0 }.joined(separator: " ") : prefix + pairs.joined()
    }

    private func list(_ list: TemplateList) -> String {
        let elements = list.elements.map(text)
        if letter == "v", verb.sharp { return "\(list.typeName){\(elements.joined(separator: ", "))}" }
        return "[\(elements.joined(separator: " "))]"
    }

    private func map(_ map: TemplateMap) -> String {
        let entries = map.entries.map { "\(text(.string($0.key))):\(text($0.value))" }
        if letter == "v", verb.sharp { return "\(map.typeName){\(entries.joined(separator: ", "))}" }
        return "map[\(entries.joined(separator: " "))]"
    }

    private func record(_ record: TemplateRecord) -> String {
        let fields = record.fields.map { field in
            let value = text(field.value)
            return letter == "v" && (verb.plus || verb.sharp) ? "\(field.name):\(value)" : value
        }
        if letter == "v", verb.sharp { return "\(record.typeName){\(fields.joined(separator: ", "))}" }
        return "{\(fields.joined(separator: " "))}"
    }
}

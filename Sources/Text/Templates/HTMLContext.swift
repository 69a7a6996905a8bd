/// Where in an HTML text the next output lands, followed by what was written so far, so that what actions print is made
/// safe for that place as Go's html/template does it: texts, attributes, addresses, scripts and styles.
struct HTMLContext {
    private enum Place {
        case text
        case tagName
        /// Between attributes.
        case tag
        case attributeName
        case beforeValue
        /// The quote that ends it; nil for a value without quotes.
        case value(quote: Unicode.Scalar?)
        case comment
        /// Inside of an element whose content is no HTML.
        case raw(element: String)
    }

    private enum Content {
        case plain, address, script, style
    }

    private var place = Place.text
    private var name = ""
    private var element = ""
    private var isClosingTag = false
    private var content = Content.plain
    /// What was read of a value or of raw text, as far as it decides.
    private var tail = ""

    /// Follows text that is written.
    mutating func feed(_ text: String) {
        for scalar in text.unicodeScalars { feed(scalar) }
    }

    /// The value made safe for this place.
    func escaped(_ value: TemplateValue) -> String {
        let printed = if case .nothing = value { "" } else { value.printed }
        switch place {
        case .text:
            if case .markup(let html) = value { return html }
            return TextEscapes.html(printed)
        case .comment: return ""
        case .raw(let element): return element == "style" ? Self.css(printed) : Self.script(value)
        case .value(let quote): return Self.unquotedSafe(attribute(printed, value), quote)
        case .beforeValue: return Self.unquotedSafe(attribute(printed, value), nil)
        case .tagName, .tag, .attributeName:
            let isName = printed.utf8.allSatisfy {
                (0x61...0x7a).contains($0 | 0x20) || (0x30...0x39).contains($0) || $0 == 0x2d
            }
            return isName && !printed.lowercased().hasPrefix("on") ? printed : "ZgotmplZ"
        }
    }

    private func attribute(_ printed: String, _ value: TemplateValue) -> String {
        switch content {
        case .plain: TextEscapes.html(printed)
        case .script: TextEscapes.html(Self.script(value))
        case .style: TextEscapes.html(Self.css(printed))
        case .address: TextEscapes.html(address(printed))
        }
    }

    /// An address that begins with a value has to have a harmless scheme; a value inside of one is encoded.
    private func address(_ printed: String) -> String {
        if tail.contains("?") || tail.contains("#") { return Self.encoded(printed, keeping: "-._~") }
        if tail.isEmpty, let colon = printed.firstIndex(of: ":"), !printed[..<colon].contains("/") {
            let scheme = printed[..<colon].lowercased()
            if !["http", "https", "mailto"].contains(scheme) { return "#ZgotmplZ" }
        }
        return Self.encoded(printed, keeping: "!#$&*+,/:;=?@[]-._~%")
    }

    /// Keeps letters, digits and these signs, and encodes the rest.
    private static func encoded(_ address: String, keeping signs: String) -> String {
        let kept = Set(signs.unicodeScalars)
        var text = ""
        for byte in address.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isWord = (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
            if isWord || kept.contains(scalar) {
                text.unicodeScalars.append(scalar)
            } else {
                text += "%" + GoQuote.hex(UInt32(byte), 2)
            }
        }
        return text
    }

    private static func unquotedSafe(_ text: String, _ quote: Unicode.Scalar?) -> String {
        guard quote == nil else { return text }
        var safe = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\t", "\n", "\u{b}", "\u{c}", "\r", " ", "=", "`": safe += "&#\(scalar.value);"
            default: safe.unicodeScalars.append(scalar)
            }
        }
        return safe
    }

    /// A value in a script is a literal of its language.
    private static func script(_ value: TemplateValue) -> String {
        switch value.plain {
        case .nothing: " null "
        case .bool(let value): " \(value) "
        case .int(let value): " \(value) "
        case .float(let value): " \(TemplateValue.float(value).inner) "
        default: "\"\(TextEscapes.javaScript(value.inner))\""
        }
    }

    private static func css(_ text: String) -> String {
        let isHarmless = text.unicodeScalars.allSatisfy { scalar in
            scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || " #%.,-_!".unicodeScalars.contains(scalar)
        }
        return isHarmless ? text : "ZgotmplZ"
    }
}

/// Following the text.
extension HTMLContext {
    private mutating func feed(_ scalar: Unicode.Scalar) {
        switch place {
        case .text:
            tail = scalar == "<" ? "<" : tail + String(scalar)
            if tail == "<!--" {
                (place, tail) = (.comment, "")
            } else if tail.count == 2, tail.first == "<", scalar.properties.isAlphabetic || scalar == "/" {
                place = .tagName
                isClosingTag = scalar == "/"
                element = isClosingTag ? "" : String(scalar).lowercased()
            } else if tail.first != "<" || tail.count > 4 {
                tail = ""
            }
        case .comment:
            tail = String((tail + String(scalar)).suffix(3))
            if tail == "-->" { (place, tail) = (.text, "") }
        case .tagName:
            if scalar == ">" { return endTag() }
            if Self.isSpace(scalar) || scalar == "/" { place = .tag } else { element += String(scalar).lowercased() }
        case .tag:
            if scalar == ">" { return endTag() }
            if !Self.isSpace(scalar), scalar != "/" { (place, name) = (.attributeName, String(scalar).lowercased()) }
        case .attributeName:
            if scalar == ">" { return endTag() }
            if scalar == "=" {
                place = .beforeValue
            } else if Self.isSpace(scalar) {
                place = .tag
            } else {
                name += String(scalar).lowercased()
            }
            content = Self.content(of: name)
            tail = ""
        case .beforeValue:
            if scalar == ">" { return endTag() }
            if scalar == "\"" || scalar == "'" {
                place = .value(quote: scalar)
            } else if !Self.isSpace(scalar) {
                (place, tail) = (.value(quote: nil), String(scalar))
            }
        case .value(let quote):
            if scalar == quote || (quote == nil && Self.isSpace(scalar)) {
                (place, tail) = (.tag, "")
            } else if quote == nil, scalar == ">" {
                endTag()
            } else {
                tail += String(scalar)
            }
        case .raw(let element):
            tail = String((tail + String(scalar).lowercased()).suffix(element.count + 2))
            if tail == "</\(element)" {
                (place, isClosingTag, tail) = (.tagName, true, "")
                self.element = element
            }
        }
    }

    private mutating func endTag() {
        tail = ""
        let holdsRaw = !isClosingTag && ["script", "style", "textarea", "title"].contains(element)
        place = holdsRaw && element != "textarea" && element != "title" ? .raw(element: element) : .text
    }

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool { " \t\n\r\u{c}".unicodeScalars.contains(scalar) }

    private static func content(of attribute: String) -> Content {
        if attribute.hasPrefix("on") { return .script }
        if attribute == "style" { return .style }
        let addresses = ["href", "src", "action", "formaction", "poster", "cite", "background", "data", "manifest"]
        return addresses.contains(attribute) ? .address : .plain
    }
}

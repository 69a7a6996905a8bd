import Encoding

/// Constants as Go reads them: whole numbers of any base, floats, and characters.
enum TemplateNumber {
    /// Nil where the token is no number. A number that looks like a float is one, even where it is whole.
    static func value(_ token: TemplateToken) -> TemplateValue? {
        if token.kind == .character { return character(token.source).map { .int($0) } }
        let text = token.source
        let isHexadecimal = text.lowercased().hasPrefix("0x")
        let looksLikeFloat = text.utf8.contains { byte in
            let isPoint = byte == UInt8(ascii: ".") || byte | 0x20 == UInt8(ascii: "p")
            return isPoint || (!isHexadecimal && byte | 0x20 == UInt8(ascii: "e"))
        }
        if !looksLikeFloat { return FloatReading.integer(text).map { .int(Int($0)) } }
        return FloatReading.float(text).map { .float($0) }
    }

    private static func character(_ source: String) -> Int? {
        let inner = source.dropFirst().dropLast()
        let bytes = Array("\"\(inner == "\"" ? "\\\"" : inner == "\\'" ? "'" : String(inner))\"".utf8)
        guard let text = GoQuote.unquoted(bytes[...]), text.unicodeScalars.count == 1 else { return nil }
        return text.unicodeScalars.first.map { Int($0.value) }
    }
}

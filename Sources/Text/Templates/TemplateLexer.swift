import Encoding

/// Cuts a template's text into tokens. Blanks inside of actions are tokens, because they end operands.
struct TemplateLexer {
    private let name: String
    private let text: [UInt8]
    private var index = 0
    private var tokens: [TemplateToken] = []
    private var parenDepth = 0

    private init(_ text: [UInt8], name: String) {
        self.text = text
        self.name = name
    }

    static func tokens(of text: [UInt8], name: String) throws(TemplateError) -> [TemplateToken] {
        var lexer = TemplateLexer(text, name: name)
        while lexer.index < lexer.text.count {
            lexer.takeText()
            if lexer.index < lexer.text.count { try lexer.takeAction() }
        }
        lexer.append(.end, from: lexer.index)
        return lexer.tokens
    }

    private func error(_ what: String, at offset: Int) -> TemplateError {
        TemplateError(template: name, place: TemplatePlace(offset: offset, in: text), what: what)
    }

    private mutating func append(_ kind: TemplateToken.Kind, from start: Int) {
        let source = String(decoding: text[start..<index], as: UTF8.self)
        tokens.append(TemplateToken(kind: kind, offset: start, source: source))
    }

    private func starts(_ sign: String, at place: Int) -> Bool { text[place...].starts(with: sign.utf8) }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0d).contains(byte) && byte != 0x0b && byte != 0x0c
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || byte >= 0x80 || (0x30...0x39).contains(byte)
            || (0x61...0x7a).contains(byte | 0x20)
    }
}

/// Outside of actions.
extension TemplateLexer {
    private mutating func takeText() {
        let start = index
        while index < text.count, !starts("{{", at: index) { index += 1 }
        var end = index
        if trimsLeft(at: index) {
            while end > start, Self.isSpace(text[end - 1]) { end -= 1 }
        }
        guard end > start else { return }
        let plain = String(decoding: text[start..<end], as: UTF8.self)
        tokens.append(TemplateToken(kind: .text(plain), offset: start, source: plain))
    }

    /// `{{- ` takes the white space before it away.
    private func trimsLeft(at place: Int) -> Bool {
        starts("{{-", at: place) && place + 3 < text.count && Self.isSpace(text[place + 3])
    }

    private mutating func skipSpacesAfterAction(_ trims: Bool) {
        while trims, index < text.count, Self.isSpace(text[index]) { index += 1 }
    }

    private mutating func takeAction() throws(TemplateError) {
        let start = index
        index += trimsLeft(at: index) ? 4 : 2
        if starts("/*", at: index) { return try skipComment(start) }
        tokens.append(TemplateToken(kind: .leftDelimiter, offset: start, source: "{{"))
        parenDepth = 0
        while true {
            guard index < text.count else { throw error("unclosed action", at: start) }
            if let trims = closing() {
                guard parenDepth == 0 else { throw error("unclosed left paren", at: index) }
                tokens.append(TemplateToken(kind: .rightDelimiter, offset: index, source: "}}"))
                index += trims ? 4 : 2
                return skipSpacesAfterAction(trims)
            }
            try takeToken()
        }
    }

    /// Whether the closing delimiter is here, and whether it takes the white space behind it away.
    private func closing() -> Bool? {
        if starts("}}", at: index) { return false }
        return Self.isSpace(text[index]) && starts("-}}", at: index + 1) ? true : nil
    }

    private mutating func skipComment(_ start: Int) throws(TemplateError) {
        index += 2
        while index < text.count, !starts("*/", at: index) { index += 1 }
        guard index < text.count else { throw error("unclosed comment", at: start) }
        index += 2
        guard index < text.count, let trims = closing() else {
            throw error("comment ends before closing delimiter", at: start)
        }
        index += trims ? 4 : 2
        skipSpacesAfterAction(trims)
    }
}

/// Inside of actions.
extension TemplateLexer {
    private mutating func takeToken() throws(TemplateError) {
        let start = index
        let byte = text[index]
        index += 1
        switch byte {
        case _ where Self.isSpace(byte):
            while index < text.count, Self.isSpace(text[index]), closing() == nil { index += 1 }
            append(.space, from: start)
        case UInt8(ascii: "="): append(.assign, from: start)
        case UInt8(ascii: ","): append(.comma, from: start)
        case UInt8(ascii: "|"): append(.pipe, from: start)
        case UInt8(ascii: "("):
            parenDepth += 1
            append(.leftParen, from: start)
        case UInt8(ascii: ")"):
            parenDepth -= 1
            guard parenDepth >= 0 else { throw error("unexpected right paren", at: start) }
            append(.rightParen, from: start)
        case UInt8(ascii: ":"):
            guard index < text.count, text[index] == UInt8(ascii: "=") else { throw error("expected :=", at: start) }
            index += 1
            append(.declare, from: start)
        case UInt8(ascii: "\""), UInt8(ascii: "`"), UInt8(ascii: "'"): try takeQuoted(byte, start)
        case UInt8(ascii: "$"): try takeName(start) { .variable($0) }
        case UInt8(ascii: "."): try takeDot(start)
        case UInt8(ascii: "+"), UInt8(ascii: "-"), 0x30...0x39: try takeNumber(start)
        case _ where Self.isWord(byte): try takeName(start, Self.word)
        default:
            throw error("unexpected \(GoQuote.name(of: text, at: start)) in command", at: start)
        }
    }

    private mutating func takeDot(_ start: Int) throws(TemplateError) {
        if index < text.count, (0x30...0x39).contains(text[index]) { return try takeNumber(start) }
        guard index < text.count, Self.isWord(text[index]) else {
            append(.dot, from: start)
            return try expectTerminator(start)
        }
        try takeName(start) { .field(String($0.dropFirst())) }
    }

    private mutating func takeName(
        _ start: Int, _ kind: (String) -> TemplateToken.Kind
    ) throws(TemplateError) {
        while index < text.count, Self.isWord(text[index]) { index += 1 }
        append(kind(String(decoding: text[start..<index], as: UTF8.self)), from: start)
        try expectTerminator(start)
    }

    private static func word(_ text: String) -> TemplateToken.Kind {
        if let keyword = TemplateToken.Keyword(rawValue: text) { return .keyword(keyword) }
        switch text {
        case "true", "false": return .bool(text == "true")
        case "nil": return .nilWord
        default: return .identifier(text)
        }
    }

    /// A name ends where something begins that may stand behind it.
    private func expectTerminator(_ start: Int) throws(TemplateError) {
        guard index < text.count else { return }
        switch text[index] {
        case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: "|"), UInt8(ascii: ":"), UInt8(ascii: ")"),
            UInt8(ascii: "("), UInt8(ascii: "}"), UInt8(ascii: "="):
            return
        case let byte where Self.isSpace(byte): return
        default: throw error("bad character \(GoQuote.name(of: text, at: index))", at: start)
        }
    }

    private mutating func takeNumber(_ start: Int) throws(TemplateError) {
        while index < text.count {
            let byte = text[index]
            let isSign = byte == UInt8(ascii: "+") || byte == UInt8(ascii: "-")
            if isSign, ![UInt8(ascii: "e"), UInt8(ascii: "p")].contains(text[index - 1] | 0x20) { break }
            guard isSign || byte == UInt8(ascii: ".") || Self.isWord(byte) else { break }
            index += 1
        }
        append(.number, from: start)
    }

    private mutating func takeQuoted(_ quote: UInt8, _ start: Int) throws(TemplateError) {
        let isRaw = quote == UInt8(ascii: "`")
        let what = isRaw ? "raw quoted string" : quote == UInt8(ascii: "'") ? "character constant" : "quoted string"
        while true {
            guard index < text.count, isRaw || text[index] != UInt8(ascii: "\n") else {
                throw error("unterminated \(what)", at: start)
            }
            let byte = text[index]
            index += byte == UInt8(ascii: "\\") && !isRaw ? 2 : 1
            if byte == quote { break }
        }
        guard index <= text.count else { throw error("unterminated \(what)", at: start) }
        if quote == UInt8(ascii: "'") { return append(.character, from: start) }
        guard let value = GoQuote.unquoted(text[start..<index]) else {
            throw error("invalid syntax in \(String(decoding: text[start..<index], as: UTF8.self))", at: start)
        }
        append(.string(value), from: start)
    }
}

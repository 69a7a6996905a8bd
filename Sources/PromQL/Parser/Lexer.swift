import Encoding

/// Cuts a query into tokens. What a character means depends on whether it stands inside braces or brackets.
struct Lexer {
    private enum Place {
        case outside, braces, brackets
    }

    private let query: String
    let bytes: [UInt8]
    var position = 0
    private var start = 0
    private var place = Place.outside
    private var parentheses = 0
    private var sawColon = false
    private var sawDuration = false

    private init(_ query: String) {
        self.query = query
        bytes = Array(query.utf8)
    }

    /// All tokens, the last one of kind `end`.
    static func tokens(of query: String) throws(ParseError) -> [Token] {
        var lexer = Lexer(query)
        var tokens: [Token] = []
        while true {
            try lexer.skipBlanksAndComments()
            lexer.start = lexer.position
            guard lexer.position < lexer.bytes.count else { break }
            tokens.append(try lexer.token())
        }
        try lexer.checkEnd()
        let end = PositionRange(start: lexer.bytes.count, end: lexer.bytes.count)
        return tokens + [Token(kind: .end, text: "", position: end)]
    }

    var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    func peek(_ distance: Int = 1) -> UInt8? {
        position + distance < bytes.count ? bytes[position + distance] : nil
    }

    mutating func take(where isWanted: (UInt8) -> Bool) {
        while let byte = current, isWanted(byte) { position += 1 }
    }

    func error(_ message: String) -> ParseError {
        ParseError(message: message, position: PositionRange(start: start, end: bytes.count), query: query)
    }

    private func made(_ kind: Token.Kind) -> Token {
        Token(
            kind: kind, text: String(decoding: bytes[start..<position], as: UTF8.self),
            position: PositionRange(start: start, end: position))
    }

    private mutating func punctuation(_ kind: Token.Kind, length: Int = 1) -> Token {
        position += length
        return made(kind)
    }

    private mutating func skipBlanksAndComments() throws(ParseError) {
        while let byte = current {
            if byte == UInt8(ascii: "#"), place != .brackets {
                take { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
            } else if Self.isBlank(byte) {
                position += 1
            } else {
                return
            }
        }
    }

    private func checkEnd() throws(ParseError) {
        switch place {
        case .braces: throw error("unexpected end of input inside braces")
        case .brackets: throw error("unexpected end of input in duration expression")
        case .outside: break
        }
        if parentheses != 0 { throw error("unclosed left parenthesis") }
    }

    private mutating func token() throws(ParseError) -> Token {
        switch place {
        case .outside: try outsideToken()
        case .braces: try bracesToken()
        case .brackets: try bracketsToken()
        }
    }

    private mutating func outsideToken() throws(ParseError) -> Token {
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "{"):
            place = .braces
            return punctuation(.leftBrace)
        case UInt8(ascii: "["):
            place = .brackets
            sawColon = false
            sawDuration = false
            return punctuation(.leftBracket)
        case UInt8(ascii: "]"): throw error("unexpected right bracket ']'")
        case UInt8(ascii: "}"): throw error("unexpected character: '}'")
        case UInt8(ascii: "@"): return punctuation(.at)
        case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"): return try string()
        default: break
        }
        if let token = try sharedToken() { return token }
        if Self.isDigit(byte) || byte == UInt8(ascii: ".") && peek().map(Self.isDigit) == true {
            return try number()
        }
        if Self.isAlpha(byte) || byte == UInt8(ascii: ":") { return word() }
        return try comparison()
    }

    /// What means the same outside and inside brackets.
    private mutating func sharedToken() throws(ParseError) -> Token? {
        switch bytes[position] {
        case UInt8(ascii: "("):
            parentheses += 1
            return punctuation(.leftParen)
        case UInt8(ascii: ")"):
            parentheses -= 1
            if parentheses < 0 { throw error("unexpected right parenthesis ')'") }
            return punctuation(.rightParen)
        case UInt8(ascii: ","): return punctuation(.comma)
        case UInt8(ascii: "+"): return punctuation(.binary(.add))
        case UInt8(ascii: "-"): return punctuation(.binary(.subtract))
        case UInt8(ascii: "*"): return punctuation(.binary(.multiply))
        case UInt8(ascii: "/"): return punctuation(.binary(.divide))
        case UInt8(ascii: "%"): return punctuation(.binary(.modulo))
        case UInt8(ascii: "^"): return punctuation(.binary(.power))
        default: return nil
        }
    }

    private mutating func comparison() throws(ParseError) -> Token {
        let next = peek()
        switch (bytes[position], next) {
        case (UInt8(ascii: "="), UInt8(ascii: "=")): return punctuation(.binary(.equal), length: 2)
        case (UInt8(ascii: "="), UInt8(ascii: "~")): throw error("unexpected character after '=': '~'")
        case (UInt8(ascii: "="), _): return punctuation(.assign)
        case (UInt8(ascii: "!"), UInt8(ascii: "=")): return punctuation(.binary(.notEqual), length: 2)
        case (UInt8(ascii: "!"), _): throw error("unexpected character after '!': \(character(at: position + 1))")
        case (UInt8(ascii: "<"), UInt8(ascii: "=")): return punctuation(.binary(.lessOrEqual), length: 2)
        case (UInt8(ascii: "<"), UInt8(ascii: "/")): return punctuation(.binary(.trimUpper), length: 2)
        case (UInt8(ascii: "<"), _): return punctuation(.binary(.less))
        case (UInt8(ascii: ">"), UInt8(ascii: "=")): return punctuation(.binary(.greaterOrEqual), length: 2)
        case (UInt8(ascii: ">"), UInt8(ascii: "/")): return punctuation(.binary(.trimLower), length: 2)
        case (UInt8(ascii: ">"), _): return punctuation(.binary(.greater))
        default: throw error("unexpected character: \(character(at: position))")
        }
    }

    private mutating func bracesToken() throws(ParseError) -> Token {
        let byte = bytes[position]
        switch (byte, peek()) {
        case (UInt8(ascii: ","), _): return punctuation(.comma)
        case (UInt8(ascii: "}"), _):
            place = .outside
            return punctuation(.rightBrace)
        case (UInt8(ascii: "{"), _): throw error("unexpected left brace '{'")
        case (UInt8(ascii: "="), UInt8(ascii: "~")): return punctuation(.matches, length: 2)
        case (UInt8(ascii: "="), _): return punctuation(.assign)
        case (UInt8(ascii: "!"), UInt8(ascii: "~")): return punctuation(.notMatches, length: 2)
        case (UInt8(ascii: "!"), UInt8(ascii: "=")): return punctuation(.binary(.notEqual), length: 2)
        case (UInt8(ascii: "!"), _):
            throw error("unexpected character after '!' inside braces: \(character(at: position + 1))")
        case (UInt8(ascii: "\""), _), (UInt8(ascii: "'"), _), (UInt8(ascii: "`"), _): return try string()
        default: break
        }
        guard Self.isAlpha(byte) else {
            throw error("unexpected character inside braces: \(character(at: position))")
        }
        take(where: Self.isAlphaNumeric)
        return made(.identifier)
    }

    private mutating func bracketsToken() throws(ParseError) -> Token {
        let byte = bytes[position]
        switch byte {
        case UInt8(ascii: "]"):
            place = .outside
            return punctuation(.rightBracket)
        case UInt8(ascii: ":"):
            if !sawDuration { throw error("unexpected colon before duration in duration expression") }
            if sawColon { throw error("unexpected repeated colon in duration expression") }
            sawColon = true
            return punctuation(.colon)
        default: break
        }
        if let token = try sharedToken() { return token }
        sawDuration = true
        if Self.isDigit(byte) || byte == UInt8(ascii: ".") && peek().map(Self.isDigit) == true {
            return try number()
        }
        take(where: Self.isAlpha)
        let text = String(decoding: bytes[start..<position], as: UTF8.self).lowercased()
        guard let keyword = Keyword(rawValue: text), keyword.namesFunction, keyword != .start, keyword != .end else {
            position = start
            throw error("unexpected character in duration expression: \(character(at: position))")
        }
        return made(.keyword(keyword))
    }

    private mutating func word() -> Token {
        take { Self.isAlphaNumeric($0) || $0 == UInt8(ascii: ":") }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        let lowercased = text.lowercased()
        switch lowercased {
        case "and", "or", "unless", "atan2": return made(.binary(BinaryOperator(rawValue: lowercased)!))
        case "inf", "nan": return made(.number)
        default: break
        }
        if let operation = AggregationOperator(rawValue: lowercased) { return made(.aggregation(operation)) }
        if let keyword = Keyword(rawValue: lowercased) {
            let isFill = keyword == .fill || keyword == .fillLeft || keyword == .fillRight
            return made(isFill && !isFollowedByParenthesis ? .identifier : .keyword(keyword))
        }
        return made(text.utf8.contains(UInt8(ascii: ":")) ? .metricIdentifier : .identifier)
    }

    /// `fill` is a word of the grammar only before a parenthesis, so that metrics of that name stay usable.
    private var isFollowedByParenthesis: Bool {
        bytes[position...].first { !Self.isBlank($0) } == UInt8(ascii: "(")
    }

    /// A string in its quotes, escapes and all; `StringEscapes` checks and resolves them.
    private mutating func string() throws(ParseError) -> Token {
        let quote = bytes[position]
        let isRaw = quote == UInt8(ascii: "`")
        position += 1
        while let byte = current, byte != quote {
            if !isRaw, byte == UInt8(ascii: "\n") { throw error("unterminated quoted string") }
            position += !isRaw && byte == UInt8(ascii: "\\") ? 2 : 1
        }
        guard position < bytes.count else {
            throw error(isRaw ? "unterminated raw string" : "unterminated quoted string")
        }
        position += 1
        return made(.string)
    }

    private mutating func number() throws(ParseError) -> Token {
        let kind = scanNumber()
        guard let kind else {
            let text = String(decoding: bytes[start..<min(position, bytes.count)], as: UTF8.self)
            throw error("bad number or duration syntax: \(Quoted.text(text))")
        }
        return made(kind)
    }

    private func character(at index: Int) -> String {
        guard index < bytes.count else { return "end of input" }
        let text = String(decoding: bytes[index...], as: UTF8.self)
        return "'\(text.unicodeScalars.first.map(String.init) ?? "")'"
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
            || byte == UInt8(ascii: "\r")
    }

    static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }

    static func isAlpha(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_")
            || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
                && byte & 0x40 != 0
    }

    static func isAlphaNumeric(_ byte: UInt8) -> Bool { isAlpha(byte) || isDigit(byte) }
}

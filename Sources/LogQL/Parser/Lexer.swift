import Encoding
import PromQL

/// Cuts a query into tokens. Comments run from `#` to the end of the line.
struct Lexer {
    /// Keywords, which cannot be label names in selectors. Functions are names like any other: what follows decides.
    static let keywords: Set<String> = [
        "by", "without", "bool", "offset", "on", "ignoring", "group_left", "group_right", "and", "or", "unless",
        "json", "logfmt", "regexp", "pattern", "unpack", "unwrap", "line_format", "label_format", "decolorize", "drop",
        "keep", "ip",
    ]
    private static let functions = Set(
        RangeFunction.allCases.map(\.rawValue) + VectorAggregation.Operation.allCases.map(\.rawValue) + [
            "vector", "label_replace",
        ])
    private static let signs: [String] = [
        "|=", "|~", "|>", "!=", "!~", "!>", "=~", "==", ">=", "<=", "|", "{", "}", "(", ")", ",", ".", "=", "<", ">",
        "+",
        "-", "*", "/", "%", "^",
    ]

    private let query: String
    private let bytes: [UInt8]
    private var at = 0

    init(_ query: String) {
        self.query = query
        bytes = Array(query.utf8)
    }

    static func tokens(of query: String) throws(LogQLError) -> [Token] {
        var lexer = Lexer(query)
        var tokens: [Token] = []
        while true {
            let token = try lexer.next()
            tokens.append(token)
            if token.kind == .end { return tokens }
        }
    }

    private mutating func next() throws(LogQLError) -> Token {
        skipBlanks()
        guard at < bytes.count else { return Token(kind: .end, text: "", start: at, end: at) }
        switch bytes[at] {
        case UInt8(ascii: "\""), UInt8(ascii: "`"): return try string()
        case UInt8(ascii: "["): return try range()
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
        case UInt8(ascii: ".") where at + 1 < bytes.count && Self.isDigit(bytes[at + 1]): return try number()
        case let byte where Self.startsName(byte): return word()
        case UInt8(ascii: "-") where isFlag: return flag()
        default: return sign()
        }
    }

    private mutating func skipBlanks() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x09, 0x0a, 0x0d: at += 1
            case UInt8(ascii: "#"): while at < bytes.count, bytes[at] != 0x0a { at += 1 }
            default: return
            }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }

    static func startsName(_ byte: UInt8) -> Bool { 0x41...0x5a ~= byte || 0x61...0x7a ~= byte || byte == 0x5f }

    private var isFlag: Bool {
        at + 2 < bytes.count && bytes[at + 1] == UInt8(ascii: "-") && Self.startsName(bytes[at + 2])
    }

    private mutating func take(_ kind: Token.Kind, to end: Int) -> Token {
        let start = at
        at = end
        return Token(kind: kind, text: String(decoding: bytes[start..<end], as: UTF8.self), start: start, end: end)
    }

    private mutating func flag() -> Token {
        var end = at + 2
        while end < bytes.count, Self.startsName(bytes[end]) || bytes[end] == UInt8(ascii: "-") { end += 1 }
        return take(.flag, to: end)
    }

    private mutating func word() -> Token {
        var end = at
        while end < bytes.count, Self.startsName(bytes[end]) || Self.isDigit(bytes[end]) { end += 1 }
        var word = take(.identifier, to: end)
        if Self.keywords.contains(word.text), word.text != "ip" || opensNext { word.kind = .sign }
        word.isCall = Self.functions.contains(word.text) && (opensNext || groupsNext)
        return word
    }

    /// Where what is no blank begins from `at` on.
    private var nextStart: Int { bytes[at...].firstIndex { ![0x20, 0x09, 0x0a, 0x0d].contains($0) } ?? bytes.count }

    private var opensNext: Bool { nextStart < bytes.count && bytes[nextStart] == UInt8(ascii: "(") }

    /// Whether `by (` or `without (` comes.
    private var groupsNext: Bool {
        ["by", "without"].contains { word in
            guard bytes[nextStart...].starts(with: word.utf8) else { return false }
            var behind = self
            behind.at = nextStart + word.utf8.count
            return behind.opensNext
        }
    }

    private mutating func sign() -> Token {
        let rest = bytes[at...]
        if let sign = Self.signs.first(where: { rest.starts(with: $0.utf8) }) {
            return take(.sign, to: at + sign.utf8.count)
        }
        var end = at + 1
        while end < bytes.count, bytes[end] & 0xc0 == 0x80 { end += 1 }
        return take(.stray, to: end)
    }

    private func failure(_ message: String, _ start: Int, _ end: Int) -> LogQLError {
        LogQLError(message: message, position: PositionRange(start: start, end: end), query: query)
    }

    private mutating func string() throws(LogQLError) -> Token {
        let quote = bytes[at]
        var end = at + 1
        while end < bytes.count, bytes[end] != quote {
            if quote == UInt8(ascii: "\"") {
                if bytes[end] == 0x0a { throw failure("literal not terminated", at, end) }
                if bytes[end] == UInt8(ascii: "\\") { end += 1 }
            }
            end += 1
        }
        guard end < bytes.count else { throw failure("literal not terminated", at, bytes.count) }
        let raw = String(decoding: bytes[at...end], as: UTF8.self)
        do throws(StringEscapes.Failure) {
            let text = String(decoding: try StringEscapes.resolve(raw), as: UTF8.self)
            let token = Token(kind: .string, text: text, start: at, end: end + 1)
            at = end + 1
            return token
        } catch {
            throw failure("invalid char escape", at, end + 1)
        }
    }

    private mutating func range() throws(LogQLError) -> Token {
        guard let close = bytes[at...].firstIndex(of: UInt8(ascii: "]")) else {
            throw failure("missing closing ']' in duration", at, bytes.count)
        }
        let inside = String(decoding: bytes[(at + 1)..<close], as: UTF8.self)
        let token = Token(kind: .range, text: inside, start: at, end: close + 1)
        guard let ns = QueryDuration.nanoseconds(inside), ns > 0 else {
            throw failure(QueryDuration.fault(ofRange: inside), at, close + 1)
        }
        at = close + 1
        return token
    }

    /// A number, or with a unit behind it a duration or a size.
    private mutating func number() throws(LogQLError) -> Token {
        var end = at
        var points = 0
        while end < bytes.count, Self.isDigit(bytes[end]) || (bytes[end] == UInt8(ascii: ".") && points == 0) {
            if bytes[end] == UInt8(ascii: ".") { points = 1 }
            end += 1
        }
        let digits = end
        while end < bytes.count, isNumberTail(end) { end += 1 }
        let text = String(decoding: bytes[at..<end], as: UTF8.self)
        if end > digits {
            if QueryDuration.nanoseconds(text) != nil { return take(.duration, to: end) }
            if QueryBytes.literal(text) != nil { return take(.bytes, to: end) }
            if let shorter = durationPrefix() { return take(.duration, to: shorter) }
        }
        let last = numberEnd(digits)
        if last == digits, digits < bytes.count, bytes[digits] | 0x20 == UInt8(ascii: "e") {
            throw failure("exponent has no digits", at, digits + 1)
        }
        if last == digits + 1, bytes[digits] | 0x20 == UInt8(ascii: "x") {
            throw failure("hexadecimal literal has no digits", at, last)
        }
        return take(.number, to: last)
    }

    private func isNumberTail(_ index: Int) -> Bool {
        let byte = bytes[index]
        return Self.isDigit(byte) || Self.startsName(byte) || byte == UInt8(ascii: ".") || byte == 0xc2 || byte == 0xb5
            || byte == 0xce || byte == 0xbc
    }

    /// Where the longest duration ends that a word begins with: `1mb` is `1m` and then something else.
    private func durationPrefix() -> Int? {
        var end = at
        while end < bytes.count, isNumberTail(end) { end += 1 }
        while end > at + 1 {
            end -= 1
            if Self.isDigit(bytes[end - 1]) { continue }
            if QueryDuration.nanoseconds(String(decoding: bytes[at..<end], as: UTF8.self)) != nil { return end }
        }
        return nil
    }

    /// An exponent, or the digits of another base.
    private func numberEnd(_ digits: Int) -> Int {
        guard digits < bytes.count else { return digits }
        switch bytes[digits] | 0x20 {
        case UInt8(ascii: "e"):
            var end = digits + 1
            if end < bytes.count, bytes[end] == UInt8(ascii: "-") || bytes[end] == UInt8(ascii: "+") { end += 1 }
            let first = end
            while end < bytes.count, Self.isDigit(bytes[end]) { end += 1 }
            return end > first ? end : digits
        case UInt8(ascii: "x"), UInt8(ascii: "o"), UInt8(ascii: "b"):
            guard digits == at + 1, bytes[at] == UInt8(ascii: "0") else { return digits }
            var end = digits + 1
            while end < bytes.count, Self.isDigit(bytes[end]) || 0x61...0x66 ~= bytes[end] | 0x20 { end += 1 }
            return end
        default: return digits
        }
    }
}

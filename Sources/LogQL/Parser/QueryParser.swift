import Encoding
import Model
import PromQL
import Text

/// Reads the tokens of a query. Every rule leaves the parser behind what it has read.
struct QueryParser {
    let query: String
    private let tokens: [Token]
    private var at = 0
    private var depth = 0

    /// Bounds of a query's text, which anybody may send.
    static let queryBytesMax = 64 << 10
    static let depthMax = 100

    private init(_ query: String) throws(LogQLError) {
        self.query = query
        guard query.utf8.count <= Self.queryBytesMax else {
            throw LogQLError(
                message: "input size too long (\(query.utf8.count) > \(Self.queryBytesMax))", position: nil,
                query: query)
        }
        tokens = try Lexer.tokens(of: query)
    }

    // MARK: tokens

    var token: Token { tokens[at] }
    var following: Token { tokens[min(at + 1, tokens.count - 1)] }

    @discardableResult
    mutating func advance() -> Token {
        defer { if at + 1 < tokens.count { at += 1 } }
        return tokens[at]
    }

    mutating func skip(_ sign: String) -> Bool {
        guard token.isSign(sign) else { return false }
        advance()
        return true
    }

    mutating func expect(_ sign: String) throws(LogQLError) {
        guard skip(sign) else { throw unexpected([sign]) }
    }

    mutating func string(expecting: [String] = ["STRING"]) throws(LogQLError) -> String {
        guard token.kind == .string else { throw unexpected(expecting) }
        return advance().text
    }

    mutating func identifier() throws(LogQLError) -> String {
        guard token.kind == .identifier, !token.isCall else { throw unexpected(["IDENTIFIER"]) }
        return advance().text
    }

    func failure(_ message: String, at token: Token) -> LogQLError {
        LogQLError(message: message, position: PositionRange(start: token.start, end: token.end), query: query)
    }

    func failure(_ message: String) -> LogQLError { LogQLError(message: message, position: nil, query: query) }

    /// As Loki words it: what may come is told where it is not much.
    func unexpected(_ expecting: [String] = []) -> LogQLError {
        let tail = expecting.isEmpty || expecting.count > 4 ? "" : ", expecting " + expecting.joined(separator: " or ")
        return failure("syntax error: unexpected \(token.name)\(tail)", at: token)
    }

    /// One level deeper for the time of `body`.
    mutating func nested<Result>(
        _ body: (inout QueryParser) throws(LogQLError) -> Result
    ) throws(LogQLError) -> Result {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.depthMax {
            throw failure("the expression is nested deeper than \(Self.depthMax) levels", at: token)
        }
        return try body(&self)
    }

    // MARK: queries

    static func parse(_ query: String) throws(LogQLError) -> LogQuery {
        var parser = try QueryParser(query)
        let parsed = try parser.whole()
        guard parser.token.kind == .end else { throw parser.unexpected() }
        return parsed
    }

    private mutating func whole() throws(LogQLError) -> LogQuery {
        guard startsLines else { return .metric(try metric()) }
        let selector = try wrappedSelector()
        if token.isSign("|"), following.isSign("unwrap") {
            advance()
            throw unexpected()
        }
        if let operation = BinaryOperation.Operator(rawValue: token.text), token.kind == .sign {
            let sign = advance()
            if startsLines { _ = try wrappedSelector() } else { _ = try metric() }
            throw failure("unexpected type for left leg of binary operation (\(operation.rawValue))", at: sign)
        }
        return .lines(selector)
    }

    /// Lines where numbers are wanted are a fault; where it is told depends on what comes behind them.
    mutating func refuseLines(behind sign: Token?) throws(LogQLError) -> Never {
        let start = token
        _ = try wrappedSelector()
        guard let sign, token.kind == .end else { throw unexpected() }
        throw failure("unexpected type for right leg of binary operation (\(sign.text))", at: start)
    }

    /// Whether a selector comes, be it in parentheses.
    private var startsLines: Bool {
        var place = at
        while tokens[place].isSign("("), place + 1 < tokens.count { place += 1 }
        return tokens[place].isSign("{")
    }

    private mutating func wrappedSelector() throws(LogQLError) -> LogSelector {
        if skip("(") {
            var inner = try nested { (parser) throws(LogQLError) in try parser.wrappedSelector() }
            try expect(")")
            inner.stages += try stages()
            return inner
        }
        return LogSelector(matchers: try matchers(), stages: try stages())
    }

    mutating func matchers() throws(LogQLError) -> [Matcher] {
        guard skip("{") else { throw unexpected(["{"]) }
        var matchers: [Matcher] = []
        if skip("}") { return [] }
        while true {
            guard token.kind == .identifier || isKeywordName else {
                throw unexpected(matchers.isEmpty ? ["IDENTIFIER", "}"] : ["IDENTIFIER"])
            }
            let name = advance().text
            matchers.append(try matcherTail(name))
            if skip("}") { return matchers }
            guard skip(",") else { throw unexpected(["}", ","]) }
        }
    }

    /// A keyword that stands where a label's name does.
    private var isKeywordName: Bool {
        token.kind == .sign && Lexer.keywords.contains(token.text)
            && ["=", "!=", "=~", "!~"].contains { following.isSign($0) } && token.text != "by"
    }

    /// The sign and the value of a condition on a label.
    mutating func matcherTail(_ name: String) throws(LogQLError) -> Matcher {
        guard token.kind == .sign, let operation = Matcher.Operation(rawValue: token.text) else {
            throw unexpected(["=", "=~", "!~", "!="])
        }
        advance()
        let value = token
        let text = try string()
        do throws(RegularExpressionError) {
            return try Matcher(name, operation, text)
        } catch {
            throw failure(Self.fault(error), at: value)
        }
    }

    /// - Parameter prefix: what stands before the reason.
    func expression(_ pattern: String, at token: Token, _ prefix: String = "") throws(LogQLError) -> RegularExpression {
        do throws(RegularExpressionError) {
            return try RegularExpression(pattern)
        } catch {
            throw failure(prefix + Self.fault(error), at: token)
        }
    }

    /// What RE2 says in the words of Go's package, where they differ.
    private static let faultsInGo = [
        "missing ]": "missing closing ]", "missing )": "missing closing )",
        "trailing \\": "trailing backslash at end of expression",
        "no argument for repetition operator": "missing argument to repetition operator",
        "invalid repetition size": "invalid repeat count",
        "bad repetition operator": "invalid nested repetition operator",
        "invalid perl operator": "invalid or unsupported Perl syntax",
        "invalid named capture group": "invalid named capture",
    ]

    static func fault(_ error: RegularExpressionError) -> String {
        guard let colon = error.reason.firstRange(of: ": ") else { return "error parsing regexp: \(error.reason)" }
        let kind = String(error.reason[..<colon.lowerBound])
        return "error parsing regexp: \(faultsInGo[kind] ?? kind): `\(error.reason[colon.upperBound...])`"
    }

    func template(_ source: String, _ what: String, at token: Token) throws(LogQLError) -> EntryTemplate {
        do throws(TemplateError) {
            return try EntryTemplate(source)
        } catch {
            throw failure("\(what): \(error)", at: token)
        }
    }

    /// `ip("...")`, whose word comes next.
    mutating func addressPattern() throws(LogQLError) -> String {
        try expect("ip")
        try expect("(")
        let pattern = try string()
        try expect(")")
        return pattern
    }

    func range(of pattern: String, at token: Token) throws(LogQLError) -> AddressRange {
        guard let range = AddressRange(pattern) else {
            throw failure("ip: invalid pattern: \(Quoted.text(pattern)) is no address, range or network", at: token)
        }
        return range
    }

    // MARK: stages

    /// Line filters and what stands behind pipes. An `unwrap` ends them.
    mutating func stages() throws(LogQLError) -> [any Stage] {
        var stages: [any Stage] = []
        while token.kind == .sign {
            if LineFilterStage.keywords.contains(token.text) {
                let keyword = advance()
                stages.append(try LineFilterStage.parse(keyword, &self))
            } else if token.isSign("|"), !following.isSign("unwrap") {
                advance()
                stages.append(try stage())
            } else {
                break
            }
        }
        return stages
    }

    private mutating func stage() throws(LogQLError) -> any Stage {
        if token.kind == .sign, !isFilterStart, let type = Stages.all.first(where: { $0.keywords.contains(token.text) })
        {
            let keyword = advance()
            return try type.parse(keyword, &self)
        }
        return try LabelFilterStage.parse(token, &self)
    }

    /// A label that is named like a stage.
    private var isFilterStart: Bool {
        ["=", "!=", "=~", "!~", "==", ">", ">=", "<", "<="].contains { following.isSign($0) }
    }

    /// `a, b="c"` behind a parser; none is allowed.
    mutating func extractions() throws(LogQLError) -> [LabelExtraction] {
        var all: [LabelExtraction] = []
        guard token.kind == .identifier else { return [] }
        repeat {
            let label = try identifier()
            let expression = skip("=") ? try string() : label
            all.append(LabelExtraction(label: label, expression: expression))
        } while skip(",")
        return all
    }

    // MARK: label filters

    /// - Parameter isFirst: whether a stage might stand in its place.
    mutating func predicate(isFirst: Bool = false) throws(LogQLError) -> LabelPredicate {
        var left = try conjunction(isFirst: isFirst)
        while skip("or") { left = .either(left, try conjunction()) }
        return left
    }

    private mutating func conjunction(isFirst: Bool = false) throws(LogQLError) -> LabelPredicate {
        var left = try condition(isFirst: isFirst)
        while true {
            if skip("and") || skip(",") {
                left = .both(left, try condition())
            } else if token.isSign("(") || token.kind == .identifier {
                left = .both(left, try condition())
            } else {
                return left
            }
        }
    }

    private mutating func condition(isFirst: Bool = false) throws(LogQLError) -> LabelPredicate {
        if skip("(") {
            let inner = try nested { (parser) throws(LogQLError) in try parser.predicate() }
            guard skip(")") else { throw unexpected() }
            return inner
        }
        let isKeyword = token.kind == .sign && Lexer.keywords.contains(token.text) && isFilterStart
        guard token.kind == .identifier || isKeywordName || isKeyword else {
            throw unexpected(isFirst ? [] : ["IDENTIFIER", "("])
        }
        let name = advance().text
        let sign = token
        guard sign.kind == .sign,
            sign.text == "=~" || sign.text == "!~" || LabelPredicate.Comparison(sign: sign.text) != nil
        else { throw unexpected() }
        if following.kind == .string, Matcher.Operation(rawValue: sign.text) != nil {
            return .matcher(.init(name: .init(name), matcher: try matcherTail(name)))
        }
        advance()
        return try comparison(.init(name), sign)
    }

    private mutating func comparison(
        _ name: LabelPredicate.LabelName, _ sign: Token
    ) throws(LogQLError) -> LabelPredicate {
        let value = token
        if value.isSign("ip"), sign.text == "=" || sign.text == "!=" {
            let pattern = try addressPattern()
            return .address(name, isNegative: sign.text == "!=", try range(of: pattern, at: value), pattern)
        }
        guard let comparison = LabelPredicate.Comparison(sign: sign.text) else { throw unexpected(["STRING"]) }
        switch value.kind {
        case .duration:
            guard let ns = QueryDuration.nanoseconds(value.text) else { throw unexpected() }
            advance()
            return .duration(name, comparison, ns, value.text)
        case .bytes:
            guard let bytes = QueryBytes.literal(value.text) else { throw unexpected() }
            advance()
            return .bytes(name, comparison, bytes, value.text)
        default: return .number(name, comparison, try number(expecting: []))
        }
    }

    /// A number with a sign, in the float syntax of Go.
    mutating func number(expecting: [String] = ["NUMBER"]) throws(LogQLError) -> Double {
        var isNegative = false
        if token.isSign("-") || token.isSign("+"), following.kind == .number { isNegative = advance().text == "-" }
        guard token.kind == .number else { throw unexpected(expecting) }
        let literal = token
        guard let value = FloatReading.float(literal.text) else {
            throw failure(
                "unable to parse literal as a float: strconv.ParseFloat: parsing \"\(literal.text)\": invalid syntax",
                at: literal)
        }
        advance()
        return isNegative ? -value : value
    }
}

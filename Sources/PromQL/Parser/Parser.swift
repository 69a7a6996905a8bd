import Encoding
package import Model

/// Reads PromQL by recursive descent; operators by precedence. The first error ends the reading.
package struct Parser {
    /// How deep expressions may nest, so that no text can exhaust a thread's stack.
    static let depthMax = 250

    let query: String
    let features: LanguageFeatures
    private let tokens: [Token]
    private var index = 0
    private var depth = 0
    /// Where the last parenthesis, brace, bracket or number ended: the end of what modifiers extend.
    private(set) var lastClosing = 0

    private init(_ query: String, features: LanguageFeatures) throws(ParseError) {
        self.query = query
        self.features = features
        tokens = try Lexer.tokens(of: query)
    }

    /// Parses and checks types.
    package static func parse(
        _ query: String, features: LanguageFeatures = .all
    ) throws(ParseError) -> Expression {
        var parser = try Parser(query, features: features)
        if parser.current.kind == .end {
            throw ParseError(
                message: "no expression found in input", position: PositionRange(start: 0, end: 0), query: query)
        }
        let expression = try parser.expression()
        try parser.expectEnd()
        try TypeChecker(query: query).check(expression)
        return expression
    }

    /// The conditions of a bare selector, as in `match[]`.
    package static func parseSelector(_ text: String) throws(ParseError) -> [Matcher] {
        var parser = try Parser(text, features: .all)
        let selector = try parser.vectorSelector()
        try parser.expectEnd()
        try TypeChecker(query: text).check(.selector(selector))
        return selector.matchers
    }

    /// A metric with its labels: `up{job="a"}`.
    package static func parseMetric(_ text: String) throws(ParseError) -> Labels {
        var parser = try Parser(text, features: .all)
        let selector = try parser.vectorSelector()
        try parser.expectEnd()
        var builder = LabelsBuilder()
        for matcher in selector.matchers {
            guard matcher.operation == .equal else {
                throw parser.error("unexpected \"\(matcher.operation.rawValue)\" in label set", at: selector.position)
            }
            builder.set(matcher.name, matcher.value)
        }
        return builder.labels()
    }

    var current: Token { tokens[index] }
    var next: Token { tokens[min(index + 1, tokens.count - 1)] }

    @discardableResult
    mutating func advance() -> Token {
        let token = tokens[index]
        switch token.kind {
        case .rightParen, .rightBrace, .rightBracket, .number, .duration: lastClosing = token.position.end
        default: break
        }
        if index + 1 < tokens.count { index += 1 }
        return token
    }

    mutating func accept(_ kind: Token.Kind) -> Bool {
        guard current.kind == kind else { return false }
        advance()
        return true
    }

    func error(_ message: String, at position: PositionRange) -> ParseError {
        ParseError(message: message, position: position, query: query)
    }

    /// The error of a token that cannot stand where it stands.
    func unexpected(in context: String = "", expected: String = "") -> ParseError {
        var message = "unexpected \(current.described)"
        if !context.isEmpty { message += " in \(context)" }
        if !expected.isEmpty { message += ", expected \(expected)" }
        return error(message, at: current.position)
    }

    private func expectEnd() throws(ParseError) {
        if current.kind != .end { throw unexpected() }
    }

    mutating func descend<Result>(
        _ body: (inout Parser) throws(ParseError) -> Result
    ) throws(ParseError) -> Result {
        depth += 1
        defer { depth -= 1 }
        if depth > Self.depthMax {
            throw error("expression nests deeper than \(Self.depthMax) levels", at: current.position)
        }
        return try body(&self)
    }

    mutating func expression(minimumPrecedence: Int = 1) throws(ParseError) -> Expression {
        try descend { (parser) throws(ParseError) in
            var left = try parser.signedExpression()
            var chain = 0
            while case .binary(let operation) = parser.current.kind, operation.precedence >= minimumPrecedence {
                chain += 1
                if chain > Parser.depthMax {
                    throw parser.error(
                        "more than \(Parser.depthMax) operators in a row", at: parser.current.position)
                }
                left = try parser.binary(operation, after: left)
            }
            return left
        }
    }

    private mutating func binary(
        _ operation: BinaryOperator, after left: Expression
    ) throws(ParseError) -> Expression {
        advance()
        var node = try binaryModifiers(of: operation, left: left)
        let isRightAssociative = operation == .power
        node.right = try expression(minimumPrecedence: operation.precedence + (isRightAssociative ? 0 : 1))
        return .binary(node)
    }

    private mutating func signedExpression() throws(ParseError) -> Expression {
        guard current.kind == .binary(.add) || current.kind == .binary(.subtract) else {
            return try postfixExpression()
        }
        let sign = advance()
        let isNegation = sign.kind == .binary(.subtract)
        let operand = try expression(minimumPrecedence: BinaryOperator.signPrecedence + 1)
        if case .number(var literal) = operand {
            if isNegation { literal.value = -literal.value }
            literal.position.start = sign.position.start
            return .number(literal)
        }
        // The sign belongs to the number, which is printed with it.
        if !isNegation, case .binary(let power) = operand, power.operation == .power,
            case .number(let base) = power.left, base.value == .infinity
        {
            return operand
        }
        return .unary(UnaryOperation(isNegation: isNegation, expression: operand, start: sign.position.start))
    }

    /// A primary expression with what may follow it: ranges, subqueries, offset, @ and edges.
    private mutating func postfixExpression() throws(ParseError) -> Expression {
        var node = try primary()
        while true {
            switch current.kind {
            case .leftBracket: node = try bracketed(node)
            case .keyword(.offset): node = try offset(node)
            case .at: node = try at(node)
            case .keyword(.anchored): node = try edge(.anchored, node)
            case .keyword(.smoothed): node = try edge(.smoothed, node)
            default: return node
            }
        }
    }

    private mutating func primary() throws(ParseError) -> Expression {
        switch current.kind {
        case .number, .duration: return .number(try numberLiteral())
        case .string:
            return .string(try stringLiteral())
        case .leftParen:
            let open = advance()
            let inner = try expression()
            guard current.kind == .rightParen else { throw unexpected() }
            let close = advance()
            return .paren(
                Parenthesised(expression: inner, position: PositionRange(from: open.position, to: close.position)))
        case .aggregation(let operation) where next.kind == .leftParen || isGrouping(next.kind):
            return try aggregation(operation)
        case .identifier where next.kind == .leftParen: return try call()
        case .keyword(let keyword) where keyword.namesFunction && next.kind == .leftParen: return try call()
        default: return .selector(try vectorSelector())
        }
    }

    private func isGrouping(_ kind: Token.Kind) -> Bool {
        kind == .keyword(.by) || kind == .keyword(.without)
    }

    /// A number or a duration, which counts in seconds.
    mutating func numberLiteral() throws(ParseError) -> NumberLiteral {
        let token = advance()
        if token.kind == .duration {
            do {
                let milliseconds = try Durations.milliseconds(of: token.text)
                return NumberLiteral(value: Double(milliseconds) / 1000, isDuration: true, position: token.position)
            } catch {
                throw self.error(error.description, at: token.position)
            }
        }
        guard let value = FloatReading.number(token.text) else {
            throw error("error parsing number: \(Quoted.text(token.text)) is no number", at: token.position)
        }
        return NumberLiteral(value: value, position: token.position)
    }

    private mutating func stringLiteral() throws(ParseError) -> StringLiteral {
        let token = advance()
        do {
            let bytes = try StringEscapes.resolve(token.text)
            let isValid = String(validating: bytes, as: UTF8.self) != nil
            return StringLiteral(
                value: String(decoding: bytes, as: UTF8.self), invalidBytes: isValid ? nil : bytes,
                position: token.position)
        } catch {
            throw self.error("error unquoting string \(token.text): \(error.message)", at: token.position)
        }
    }

    /// A string that names something or is compared with something: valid UTF-8.
    mutating func unquoted() throws(ParseError) -> String {
        let text = current.text
        let literal = try stringLiteral()
        if literal.invalidBytes != nil {
            throw error("error unquoting string \(text): invalid UTF-8 rune", at: literal.position)
        }
        return literal.value
    }
}

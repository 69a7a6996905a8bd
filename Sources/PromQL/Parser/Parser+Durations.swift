/// A duration as written: fixed, or to be computed once the query's step and range are known.
struct ParsedDuration {
    var milliseconds: Int64 = 0
    var expression: DurationExpression?
}

extension Parser {
    /// What Go's `time.Duration` holds, in seconds.
    private static let secondsMax = 0x1p63 / 1e9

    var startsDuration: Bool {
        switch current.kind {
        case .number, .duration, .leftParen, .binary(.add), .binary(.subtract): true
        case .keyword(let keyword): keyword.namesFunction && keyword != .start && keyword != .end
        default: false
        }
    }

    /// The duration of a range or a step, which is greater than zero.
    mutating func positiveDuration() throws(ParseError) -> ParsedDuration {
        let expression = try durationExpression()
        guard case .number(let literal) = expression.form else { return ParsedDuration(expression: expression) }
        if literal.value <= 0 { throw error("duration must be greater than 0", at: literal.position) }
        return ParsedDuration(milliseconds: Self.milliseconds(literal))
    }

    /// The duration behind `offset` ends before any operator: `a offset 5m + 2` adds 2 to `a offset 5m`.
    mutating func offsetDuration() throws(ParseError) -> ParsedDuration {
        let expression: DurationExpression
        if current.kind == .binary(.add) || current.kind == .binary(.subtract) {
            let sign = advance()
            expression = try signed(sign, durationPrimary())
        } else {
            expression = try durationPrimary()
        }
        guard case .number(let literal) = expression.form else { return ParsedDuration(expression: expression) }
        return ParsedDuration(milliseconds: Self.milliseconds(literal))
    }

    private static func milliseconds(_ literal: NumberLiteral) -> Int64 {
        let nanoseconds = (literal.value * 1e9).rounded(.toNearestOrAwayFromZero)
        return (Int64(exactly: nanoseconds) ?? (nanoseconds > 0 ? .max : .min)) / 1_000_000
    }

    private mutating func durationExpression(minimumPrecedence: Int = 1) throws(ParseError) -> DurationExpression {
        try descend { (parser) throws(ParseError) in
            var left = try parser.signedDuration()
            while case .binary(let operation) = parser.current.kind, operation.precedence >= minimumPrecedence {
                left = try parser.duration(operation, after: left)
            }
            return left
        }
    }

    private mutating func duration(
        _ operation: BinaryOperator, after left: DurationExpression
    ) throws(ParseError) -> DurationExpression {
        switch operation {
        case .add, .subtract, .multiply, .divide, .modulo, .power: break
        default: throw unexpected(in: "subquery or range", expected: "\":\" or \"]\"")
        }
        try requireExpressions(at: left.position)
        let sign = advance()
        let isRightAssociative = operation == .power
        let right = try durationExpression(minimumPrecedence: operation.precedence + (isRightAssociative ? 0 : 1))
        if case .number(let literal) = right.form, literal.value == 0 {
            if operation == .divide { throw error("division by zero", at: sign.position) }
            if operation == .modulo { throw error("modulo by zero", at: sign.position) }
        }
        return DurationExpression(
            form: .binary(operation, left, right), position: PositionRange(from: left.position, to: right.position))
    }

    private mutating func signedDuration() throws(ParseError) -> DurationExpression {
        guard current.kind == .binary(.add) || current.kind == .binary(.subtract) else { return try durationPrimary() }
        let sign = advance()
        return try signed(sign, durationExpression(minimumPrecedence: BinaryOperator.signPrecedence + 1))
    }

    private func signed(_ sign: Token, _ operand: DurationExpression) throws(ParseError) -> DurationExpression {
        let position = PositionRange(start: sign.position.start, end: operand.position.end)
        let isNegation = sign.kind == .binary(.subtract)
        if case .number(var literal) = operand.form {
            if isNegation { literal.value = -literal.value }
            literal.position = position
            return DurationExpression(form: .number(literal), position: position)
        }
        return isNegation ? DurationExpression(form: .negated(operand), position: position) : operand
    }

    private mutating func durationPrimary() throws(ParseError) -> DurationExpression {
        let start = current.position.start
        switch current.kind {
        case .number, .duration:
            let literal = try numberLiteral()
            if !(literal.value.magnitude <= Self.secondsMax) {
                throw error("duration out of range", at: literal.position)
            }
            return DurationExpression(form: .number(literal), position: literal.position)
        case .leftParen:
            advance()
            let inner = try durationExpression()
            guard current.kind == .rightParen else { throw unexpected() }
            let end = advance().position.end
            let position = PositionRange(start: start, end: end)
            try requireExpressions(at: position)
            return DurationExpression(form: .parenthesised(inner), position: position)
        case .keyword(let keyword) where keyword.namesFunction: return try durationFunction(keyword)
        default: throw unexpected(in: "duration expression")
        }
    }

    private mutating func durationFunction(_ keyword: Keyword) throws(ParseError) -> DurationExpression {
        let name = advance()
        guard accept(.leftParen) else { throw unexpected(in: "duration expression", expected: "\"(\"") }
        let form: DurationExpression.Form
        switch keyword {
        case .step: form = .step
        case .range: form = .range
        case .minOf, .maxOf:
            let first = try durationExpression()
            guard accept(.comma) else { throw unexpected(in: "duration expression", expected: "\",\"") }
            let second = try durationExpression()
            form = keyword == .minOf ? .minimum(first, second) : .maximum(first, second)
        default: throw error("unexpected \(name.described) in duration expression", at: name.position)
        }
        guard current.kind == .rightParen else { throw unexpected(in: "duration expression", expected: "\")\"") }
        let position = PositionRange(start: name.position.start, end: advance().position.end)
        try requireExpressions(at: position)
        return DurationExpression(form: form, position: position)
    }

    private func requireExpressions(at position: PositionRange) throws(ParseError) {
        if !features.durationExpressions {
            throw error("experimental duration expression is not enabled", at: position)
        }
    }
}

import Encoding
import Model

extension Parser {
    mutating func vectorSelector() throws(ParseError) -> VectorSelector {
        var name = ""
        var position = current.position
        switch current.kind {
        case .identifier, .metricIdentifier, .aggregation: name = advance().text
        case .keyword(let keyword) where keyword.mayNameMetric: name = advance().text
        case .binary(.and), .binary(.or), .binary(.unless): name = advance().text
        case .leftBrace: break
        default: throw unexpected()
        }
        var matchers: [Matcher] = []
        if current.kind == .leftBrace {
            matchers = try labelMatchers()
            position.end = lastClosing
        }
        if !name.isEmpty { matchers.append(Matcher(Labels.metricName, equals: name)) }
        return VectorSelector(name: name, matchers: matchers, position: position)
    }

    private mutating func labelMatchers() throws(ParseError) -> [Matcher] {
        advance()
        var matchers: [Matcher] = []
        while !accept(.rightBrace) {
            matchers.append(try labelMatcher())
            guard current.kind == .comma || current.kind == .rightBrace else {
                throw unexpected(in: "label matching", expected: "\",\" or \"}\"")
            }
            _ = accept(.comma)
        }
        return matchers
    }

    private mutating func labelMatcher() throws(ParseError) -> Matcher {
        let start = current.position.start
        let label: String
        switch current.kind {
        case .identifier: label = advance().text
        case .string:
            label = try unquoted()
            // A quoted name alone is the metric's name.
            if current.kind == .comma || current.kind == .rightBrace {
                return Matcher(Labels.metricName, equals: label)
            }
        default: throw unexpected(in: "label matching", expected: "identifier or \"}\"")
        }
        guard let operation = matchOperation() else {
            throw unexpected(in: "label matching", expected: "label matching operator")
        }
        advance()
        guard current.kind == .string else { throw unexpected(in: "label matching", expected: "string") }
        let end = current.position.end
        let value = try unquoted()
        do {
            return try Matcher(label, operation, value)
        } catch {
            throw self.error("\(error)", at: PositionRange(start: start, end: end))
        }
    }

    private func matchOperation() -> Matcher.Operation? {
        switch current.kind {
        case .assign: .equal
        case .binary(.notEqual): .notEqual
        case .matches: .matches
        case .notMatches: .notMatches
        default: nil
        }
    }

    /// `[range]` or `[range:step]` behind an expression.
    mutating func bracketed(_ node: Expression) throws(ParseError) -> Expression {
        let open = advance()
        guard startsDuration else {
            throw unexpected(in: "subquery or range selector", expected: "number, duration, step(), or range()")
        }
        let range = try positiveDuration()
        if accept(.colon) { return try subquery(of: node, range: range) }
        guard current.kind == .rightBracket else {
            throw unexpected(in: "subquery or range", expected: "\":\" or \"]\"")
        }
        let close = advance()
        let brackets = PositionRange(from: open.position, to: close.position)
        guard case .selector(let selector) = node else {
            throw error("ranges only allowed for vector selectors", at: brackets)
        }
        if selector.shift.hasOffset { throw error("no offset modifiers allowed before range", at: brackets) }
        if selector.shift.at != nil { throw error("no @ modifiers allowed before range", at: brackets) }
        return .range(
            RangeSelector(
                selector: selector, rangeMs: range.milliseconds, rangeExpression: range.expression, end: lastClosing))
    }

    private mutating func subquery(
        of node: Expression, range: ParsedDuration
    ) throws(ParseError) -> Expression {
        var subquery = Subquery(
            expression: node, rangeMs: range.milliseconds, rangeExpression: range.expression, end: 0)
        if current.kind != .rightBracket {
            guard startsDuration else {
                throw unexpected(
                    in: "subquery selector", expected: "number, duration, step(), range(), or \"]\"")
            }
            let step = try positiveDuration()
            subquery.stepMs = step.milliseconds
            subquery.stepExpression = step.expression
        }
        guard current.kind == .rightBracket else { throw unexpected(in: "subquery selector", expected: "\"]\"") }
        subquery.end = advance().position.end
        return .subquery(subquery)
    }

    mutating func offset(_ node: Expression) throws(ParseError) -> Expression {
        advance()
        guard startsDuration else {
            throw unexpected(in: "offset", expected: "number, duration, step(), or range()")
        }
        let offset = try offsetDuration()
        return try shifted(node, name: "offset") { (shift, parser) throws(ParseError) in
            if shift.hasOffset { throw parser.error("offset may not be set multiple times", at: node.position) }
            shift.offsetMs = offset.milliseconds
            shift.offsetExpression = offset.expression
        }
    }

    mutating func at(_ node: Expression) throws(ParseError) -> Expression {
        advance()
        let fixed = try fixedTime(node)
        return try shifted(node, name: "@") { (shift, parser) throws(ParseError) in
            if shift.at != nil { throw parser.error("@ <timestamp> may not be set multiple times", at: node.position) }
            shift.at = fixed
        }
    }

    private mutating func fixedTime(_ node: Expression) throws(ParseError) -> FixedTime {
        if current.kind == .keyword(.start) || current.kind == .keyword(.end) {
            let isStart = advance().kind == .keyword(.start)
            guard accept(.leftParen), accept(.rightParen) else { throw unexpected(in: "@", expected: "timestamp") }
            return isStart ? .start : .end
        }
        let isNegative = current.kind == .binary(.subtract)
        if isNegative || current.kind == .binary(.add) { advance() }
        guard current.kind == .number || current.kind == .duration else {
            throw unexpected(in: "@", expected: "timestamp")
        }
        let literal = try numberLiteral()
        let seconds = isNegative ? -literal.value : literal.value
        guard seconds.isFinite, abs(seconds) < 9.2e15 else {
            throw error(
                "timestamp out of bounds for @ modifier: \(FloatText.fixed(seconds, decimals: 6))", at: node.position)
        }
        return .timestampMs(Int64((seconds * 1000).rounded(.toNearestOrAwayFromZero)))
    }

    /// Applies a modifier to the selector or subquery that it stands behind.
    private mutating func shifted(
        _ node: Expression, name: String, _ change: (inout TimeShift, Parser) throws(ParseError) -> Void
    ) throws(ParseError) -> Expression {
        switch node {
        case .selector(var selector):
            try change(&selector.shift, self)
            selector.position.end = lastClosing
            return .selector(selector)
        case .range(var range):
            try change(&range.selector.shift, self)
            range.end = lastClosing
            return .range(range)
        case .subquery(var subquery):
            try change(&subquery.shift, self)
            subquery.end = lastClosing
            return .subquery(subquery)
        default:
            throw error(
                "\(name) modifier must be preceded by an instant vector selector or range vector selector or a subquery",
                at: node.position)
        }
    }

    mutating func edge(_ edge: RangeEdge, _ node: Expression) throws(ParseError) -> Expression {
        advance()
        if !features.rangeEdges {
            throw error("\(edge.rawValue) modifier is experimental and not enabled", at: node.position)
        }
        switch node {
        case .selector(var selector):
            try set(edge, on: &selector, at: node.position)
            return .selector(selector)
        case .range(var range):
            try set(edge, on: &range.selector, at: node.position)
            return .range(range)
        case .subquery:
            throw error("\(edge.rawValue) modifier is not supported for subqueries", at: node.position)
        default: throw error("\(edge.rawValue) modifier must be preceded by a selector", at: node.position)
        }
    }

    private func set(
        _ edge: RangeEdge, on selector: inout VectorSelector, at position: PositionRange
    ) throws(ParseError) {
        if selector.logs != nil {
            throw error("\(edge.rawValue) modifier is not supported for logs()", at: position)
        }
        if selector.edge != .plain, selector.edge != edge {
            throw error("anchored and smoothed modifiers cannot be used together", at: position)
        }
        selector.edge = edge
    }
}

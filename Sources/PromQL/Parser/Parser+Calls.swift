import Encoding

extension Parser {
    mutating func call() throws(ParseError) -> Expression {
        let name = advance()
        let start = name.position.start
        // Words of the grammar are known in any case, other names only as they are written.
        let isKeyword = name.kind != .identifier
        if name.text == Self.logSelector, features.logSelectors { return try logs(after: name) }
        guard let function = Functions.named(isKeyword ? name.text.lowercased() : name.text) else {
            throw error("unknown function with name \(Quoted.text(name.text))", at: name.position)
        }
        if function.isExperimental, !features.experimentalFunctions {
            throw error("function \(Quoted.text(name.text)) is not enabled", at: name.position)
        }
        let arguments = try arguments()
        return .call(
            Call(
                function: function, arguments: arguments,
                position: PositionRange(start: start, end: lastClosing)))
    }

    /// What a selector of logs looks like a call of.
    static let logSelector = "logs"

    /// `logs("<LogQL>")` behind its name. Whether the text is LogQL is for those to say who evaluate it.
    private mutating func logs(after name: Token) throws(ParseError) -> Expression {
        advance()
        guard current.kind == .string else {
            throw unexpected(in: "logs selector", expected: "a LogQL query in quotes")
        }
        let query = try unquoted()
        guard current.kind == .rightParen else { throw unexpected(in: "logs selector", expected: "\")\"") }
        let close = advance()
        return .selector(
            VectorSelector(
                name: "", matchers: [], logs: query, position: PositionRange(from: name.position, to: close.position)))
    }

    private mutating func arguments() throws(ParseError) -> [Expression] {
        advance()
        var arguments: [Expression] = []
        if accept(.rightParen) { return arguments }
        while true {
            arguments.append(try expression())
            if accept(.rightParen) { return arguments }
            guard current.kind == .comma else { throw unexpected() }
            let comma = advance()
            if current.kind == .rightParen {
                throw error("trailing commas not allowed in function call args", at: comma.position)
            }
        }
    }

    mutating func aggregation(_ operation: AggregationOperator) throws(ParseError) -> Expression {
        let name = advance()
        var grouping = try groupingClause()
        guard current.kind == .leftParen else { throw unexpected(in: "aggregation") }
        let arguments = try arguments()
        if grouping == nil { grouping = try groupingClause() }
        let position = PositionRange(start: name.position.start, end: lastClosing)
        if arguments.isEmpty { throw error("no arguments for aggregate expression provided", at: position) }
        if operation.isExperimental, !features.experimentalFunctions {
            throw error(
                "\(operation.rawValue)() is experimental and must be enabled with --enable-feature=promql-experimental-functions",
                at: position)
        }
        let wanted = operation.hasParameter ? 2 : 1
        if arguments.count != wanted {
            throw error(
                "wrong number of arguments for aggregate expression provided, expected \(wanted), got \(arguments.count)",
                at: position)
        }
        return .aggregation(
            Aggregation(
                operation: operation, expression: arguments[wanted - 1],
                parameter: operation.hasParameter ? arguments[0] : nil,
                grouping: grouping?.labels ?? [], isWithout: grouping?.isWithout ?? false, position: position))
    }

    private mutating func groupingClause() throws(ParseError) -> (labels: [String], isWithout: Bool)? {
        switch current.kind {
        case .keyword(.by):
            advance()
            return (try labelList(), false)
        case .keyword(.without):
            advance()
            return (try labelList(), true)
        default: return nil
        }
    }

    /// Names in parentheses; words of the language are names here.
    private mutating func labelList() throws(ParseError) -> [String] {
        guard accept(.leftParen) else { throw unexpected(in: "grouping opts", expected: "\"(\"") }
        var labels: [String] = []
        while !accept(.rightParen) {
            labels.append(try groupingLabel())
            guard current.kind == .comma || current.kind == .rightParen else {
                throw unexpected(in: "grouping opts", expected: "\",\" or \")\"")
            }
            _ = accept(.comma)
        }
        return labels
    }

    private mutating func groupingLabel() throws(ParseError) -> String {
        switch current.kind {
        case .string:
            let position = current.position
            let label = try unquoted()
            if label.isEmpty { throw error("invalid label name for grouping: \(Quoted.text(label))", at: position) }
            return label
        case .identifier, .metricIdentifier, .aggregation, .keyword: return advance().text
        case .binary(.and), .binary(.or), .binary(.unless), .binary(.atan2): return advance().text
        default: throw unexpected(in: "grouping opts", expected: "label")
        }
    }

    /// `bool`, `on`, `ignoring`, `group_left`, `group_right` and the fills behind an operator.
    mutating func binaryModifiers(
        of operation: BinaryOperator, left: Expression
    ) throws(ParseError) -> BinaryOperation {
        var matching = VectorMatching()
        let returnsBool = accept(.keyword(.bool))
        if current.kind == .keyword(.on) || current.kind == .keyword(.ignoring) {
            matching.isOn = advance().kind == .keyword(.on)
            matching.labels = try labelList()
            if current.kind == .keyword(.groupLeft) || current.kind == .keyword(.groupRight) {
                matching.cardinality = advance().kind == .keyword(.groupLeft) ? .manyToOne : .oneToMany
                if current.kind == .leftParen { matching.include = try labelList() }
            }
        }
        try fills(into: &matching, after: left)
        return BinaryOperation(
            operation: operation, left: left, right: left, matching: matching, returnsBool: returnsBool)
    }

    private mutating func fills(
        into matching: inout VectorMatching, after left: Expression
    ) throws(ParseError) {
        while case .keyword(let keyword) = current.kind,
            keyword == .fill || keyword == .fillLeft || keyword == .fillRight
        {
            if !features.fillModifiers {
                throw error("binop fill modifiers are experimental and not enabled", at: left.position)
            }
            let isRepeated =
                keyword == .fill && (matching.fillLeft != nil || matching.fillRight != nil)
                || keyword == .fillLeft && matching.fillLeft != nil
                || keyword == .fillRight && matching.fillRight != nil
            if isRepeated { throw unexpected() }
            advance()
            let value = try fillValue()
            if keyword != .fillRight { matching.fillLeft = value }
            if keyword != .fillLeft { matching.fillRight = value }
        }
    }

    private mutating func fillValue() throws(ParseError) -> Double {
        guard accept(.leftParen) else { throw unexpected() }
        let isNegative = current.kind == .binary(.subtract)
        if isNegative || current.kind == .binary(.add) { advance() }
        guard current.kind == .number || current.kind == .duration else { throw unexpected() }
        let literal = try numberLiteral()
        guard accept(.rightParen) else { throw unexpected() }
        return isNegative ? -literal.value : literal.value
    }
}

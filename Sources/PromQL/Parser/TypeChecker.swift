import Encoding
import Model

/// Checks what the grammar alone does not: types of operands and arguments, and which modifiers fit together.
struct TypeChecker {
    let query: String

    private func error(_ message: String, at position: PositionRange) -> ParseError {
        ParseError(message: message, position: position, query: query)
    }

    func check(_ expression: Expression) throws(ParseError) {
        switch expression {
        case .number, .string: break
        case .selector(let node): try check(node)
        case .range(let node): try check(node.selector)
        case .subquery(let node):
            try check(node.expression)
            if node.expression.type != .vector {
                throw error(
                    "subquery is only allowed on instant vector, got \(node.expression.type.rawValue) instead",
                    at: expression.position)
            }
        case .paren(let node): try check(node.expression)
        case .unary(let node):
            try check(node.expression)
            let type = node.expression.type
            if type != .scalar, type != .vector {
                throw error(
                    "unary expression only allowed on expressions of type scalar or instant vector, got \"\(type.documented)\"",
                    at: expression.position)
            }
        case .aggregation(let node): try check(node)
        case .call(let node): try check(node)
        case .binary(let node): try check(node, at: expression.position)
        }
    }

    private func expect(_ expression: Expression, _ type: ValueType, in context: String) throws(ParseError) {
        try check(expression)
        if expression.type != type {
            throw error(
                "expected type \(type.documented) in \(context), got \(expression.type.documented)",
                at: expression.position)
        }
    }

    private func check(_ node: Aggregation) throws(ParseError) {
        try expect(node.expression, .vector, in: "aggregation expression")
        guard let parameter = node.parameter else { return }
        let type: ValueType = node.operation == .countValues ? .string : .scalar
        try expect(parameter, type, in: "aggregation parameter")
    }

    private func check(_ node: Call) throws(ParseError) {
        let function = node.function
        let name = Quoted.text(function.name)
        let count = node.arguments.count
        if function.argumentsMin == function.argumentsMax, count != function.argumentsMin {
            throw error(
                "expected \(function.argumentsMin) argument(s) in call to \(name), got \(count)", at: node.position)
        }
        if count < function.argumentsMin {
            throw error(
                "expected at least \(function.argumentsMin) argument(s) in call to \(name), got \(count)",
                at: node.position)
        }
        if count > function.argumentsMax {
            throw error(
                "expected at most \(function.argumentsMax) argument(s) in call to \(name), got \(count)",
                at: node.position)
        }
        for (index, argument) in node.arguments.enumerated() {
            if function.name == "info", index == 1 {
                try checkLabelSelector(argument, of: node)
                continue
            }
            try check(argument)
            let type = function.argumentTypes[min(index, function.argumentTypes.count - 1)]
            if argument.type != type {
                throw error(
                    "expected type \(type.documented) in call to function \(name), got \(argument.type.documented)",
                    at: argument.position)
            }
        }
    }

    /// The second argument of `info` only looks like a selector: it names labels and conditions on them.
    private func checkLabelSelector(_ argument: Expression, of node: Call) throws(ParseError) {
        if argument.type != .vector {
            throw error(
                "expected type instant vector in call to function \"info\", got \(argument.type.documented)",
                at: node.position)
        }
        guard case .selector(let selector) = argument else {
            throw error("expected label selectors only", at: argument.position)
        }
        if !selector.name.isEmpty || selector.logs != nil {
            throw error("expected label selectors only, got vector selector instead", at: argument.position)
        }
    }

    private func check(_ node: VectorSelector) throws(ParseError) {
        if node.logs != nil { return }
        guard node.name.isEmpty else {
            if let other = node.matchers.dropLast().first(where: { $0.name == Labels.metricName }) {
                throw error(
                    "metric name must not be set twice: \(Quoted.text(node.name)) or \(Quoted.text(other.value))",
                    at: node.position)
            }
            return
        }
        if node.matchers.allSatisfy({ $0.matchesEmpty }) {
            throw error("vector selector must contain at least one non-empty matcher", at: node.position)
        }
    }

    /// The operator with its modifiers, without the blanks around it.
    private func operatorRange(of node: BinaryOperation) -> PositionRange {
        let bytes = Array(query.utf8)
        var range = PositionRange(start: node.left.position.end, end: node.right.position.start - 1)
        while range.start < bytes.count, Lexer.isBlank(bytes[range.start]) { range.start += 1 }
        while range.end > range.start, Lexer.isBlank(bytes[range.end]) { range.end -= 1 }
        return range
    }

    private func check(_ node: BinaryOperation, at position: PositionRange) throws(ParseError) {
        try check(node.left)
        try check(node.right)
        let left = node.left.type
        let right = node.right.type
        let operation = node.operation
        if node.returnsBool, !operation.isComparison {
            throw error("bool modifier can only be used on comparison operators", at: operatorRange(of: node))
        }
        if operation.isComparison, !node.returnsBool, left == .scalar, right == .scalar {
            throw error("comparisons between scalars must use BOOL modifier", at: operatorRange(of: node))
        }
        let matching = node.matching ?? VectorMatching()
        if matching.isOn, let label = matching.labels.first(where: matching.include.contains) {
            throw error(
                "label \(Quoted.text(label)) must not occur in ON and GROUP clause at once",
                at: operatorRange(of: node))
        }
        for side in [node.left, node.right] where side.type != .scalar && side.type != .vector {
            throw error(
                "binary expression must contain only scalar and instant vector types", at: side.position)
        }
        if left == .vector, right == .vector {
            try checkSetOperation(operation, matching, at: position)
            return
        }
        if !matching.labels.isEmpty {
            throw error("vector matching only allowed between instant vectors", at: position)
        }
        if matching.fillLeft != nil || matching.fillRight != nil {
            throw error("filling in missing series only allowed between instant vectors", at: position)
        }
        if operation.isSet {
            throw error(
                "set operator \"\(operation.rawValue)\" not allowed in binary scalar expression", at: position)
        }
    }

    private func checkSetOperation(
        _ operation: BinaryOperator, _ matching: VectorMatching, at position: PositionRange
    ) throws(ParseError) {
        guard operation.isSet else { return }
        if matching.cardinality == .oneToMany || matching.cardinality == .manyToOne {
            throw error("no grouping allowed for \"\(operation.rawValue)\" operation", at: position)
        }
        if matching.fillLeft != nil || matching.fillRight != nil {
            throw error("filling in missing series not allowed for set operators", at: position)
        }
    }
}

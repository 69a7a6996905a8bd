package import Model

extension Expression {
    /// The same with more conditions in each of its selectors of series.
    package func adding(_ conditions: [Matcher]) -> Expression {
        switch self {
        case .number, .string:
            return self
        case .selector(let node):
            return .selector(node.adding(conditions))
        case .range(var node):
            node.selector = node.selector.adding(conditions)
            return .range(node)
        case .subquery(var node):
            node.expression = node.expression.adding(conditions)
            return .subquery(node)
        case .call(var node):
            node.arguments = node.arguments.map { $0.adding(conditions) }
            return .call(node)
        case .aggregation(var node):
            node.expression = node.expression.adding(conditions)
            node.parameter = node.parameter?.adding(conditions)
            return .aggregation(node)
        case .binary(var node):
            node.left = node.left.adding(conditions)
            node.right = node.right.adding(conditions)
            return .binary(node)
        case .unary(var node):
            node.expression = node.expression.adding(conditions)
            return .unary(node)
        case .paren(var node):
            node.expression = node.expression.adding(conditions)
            return .paren(node)
        }
    }
}

extension VectorSelector {
    fileprivate func adding(_ conditions: [Matcher]) -> VectorSelector {
        guard logs == nil else { return self }
        var result = self
        // The condition that the name makes stays the last.
        result.matchers.insert(contentsOf: conditions, at: name.isEmpty ? matchers.count : matchers.count - 1)
        return result
    }
}

extension Expression {
    /// Whether each selector names its series by what their labels are, so that an index finds them at once, and no
    /// subquery makes more work than the text tells.
    package var isPointed: Bool {
        switch self {
        case .subquery: false
        case .selector(let node): node.logs == nil && node.matchers.count > 1 && node.matchers.allSatisfy(\.isExact)
        default: children.allSatisfy(\.isPointed)
        }
    }
}

extension Matcher {
    fileprivate var isExact: Bool { operation == .equal && !value.isEmpty }
}

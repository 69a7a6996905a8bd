package import Model

/// What an expression yields at one instant.
package enum ValueType: String, Sendable {
    case scalar, string, vector, matrix

    /// As errors call it.
    package var documented: String {
        switch self {
        case .vector: "instant vector"
        case .matrix: "range vector"
        case .scalar: "scalar"
        case .string: "string"
        }
    }
}

/// The tree of a parsed query. Every node knows its place in the text.
package indirect enum Expression: Sendable {
    case number(NumberLiteral)
    case string(StringLiteral)
    case selector(VectorSelector)
    case range(RangeSelector)
    case subquery(Subquery)
    case call(Call)
    case aggregation(Aggregation)
    case binary(BinaryOperation)
    case unary(UnaryOperation)
    case paren(Parenthesised)

    package var position: PositionRange {
        switch self {
        case .number(let node): node.position
        case .string(let node): node.position
        case .selector(let node): node.position
        case .range(let node): PositionRange(start: node.selector.position.start, end: node.end)
        case .subquery(let node): PositionRange(start: node.expression.position.start, end: node.end)
        case .call(let node): node.position
        case .aggregation(let node): node.position
        case .binary(let node): PositionRange(from: node.left.position, to: node.right.position)
        case .unary(let node): PositionRange(start: node.start, end: node.expression.position.end)
        case .paren(let node): node.position
        }
    }

    package var type: ValueType {
        switch self {
        case .number: .scalar
        case .string: .string
        case .selector, .aggregation: .vector
        case .range, .subquery: .matrix
        case .call(let node): node.function.returns
        case .binary(let node): node.left.type == .scalar && node.right.type == .scalar ? .scalar : .vector
        case .unary(let node): node.expression.type
        case .paren(let node): node.expression.type
        }
    }

    /// The expressions directly below, in the order in which they are evaluated.
    package var children: [Expression] {
        switch self {
        case .number, .string, .selector: []
        case .range(let node): [.selector(node.selector)]
        case .subquery(let node): [node.expression]
        case .call(let node): node.arguments
        case .aggregation(let node): [node.parameter, node.expression].compactMap { $0 }
        case .binary(let node): [node.left, node.right]
        case .unary(let node): [node.expression]
        case .paren(let node): [node.expression]
        }
    }

    /// Without the parentheses around it.
    package var unwrapped: Expression {
        var inner = self
        while case .paren(let node) = inner { inner = node.expression }
        return inner
    }
}

package struct NumberLiteral: Sendable {
    package var value: Double
    /// Written as a duration, such as `5m`; the value is in seconds.
    package var isDuration = false
    package var position: PositionRange
}

package struct StringLiteral: Sendable {
    package var value: String
    /// The bytes, where they are no valid UTF-8 and `value` is only like them.
    package var invalidBytes: [UInt8]?
    package var position: PositionRange
}

/// The fixed instant of an `@` modifier.
package enum FixedTime: Sendable, Equatable {
    case timestampMs(Int64)
    case start
    case end
}

/// `offset` and `@` behind a selector or a subquery.
package struct TimeShift: Sendable {
    package var offsetMs: Int64 = 0
    package var offsetExpression: DurationExpression?
    package var at: FixedTime?

    package var hasOffset: Bool { offsetMs != 0 || offsetExpression != nil }
}

/// What lies beyond a range's edges (`anchored`, `smoothed`).
package enum RangeEdge: String, Sendable {
    case plain, anchored, smoothed
}

package struct VectorSelector: Sendable {
    /// The metric's name where it stands outside of the braces, otherwise empty.
    package var name: String
    /// All conditions, the one made of `name` last.
    package var matchers: [Matcher]
    package var shift = TimeShift()
    package var edge = RangeEdge.plain
    /// The LogQL of `logs("...")`, which has neither name nor matchers.
    package var logs: String?
    package var position: PositionRange
}

package struct RangeSelector: Sendable {
    package var selector: VectorSelector
    package var rangeMs: Int64
    package var rangeExpression: DurationExpression?
    package var end: Int
}

package struct Subquery: Sendable {
    package var expression: Expression
    package var rangeMs: Int64
    package var rangeExpression: DurationExpression?
    /// Zero where the engine's default step applies.
    package var stepMs: Int64 = 0
    package var stepExpression: DurationExpression?
    package var shift = TimeShift()
    package var end: Int
}

package struct Call: Sendable {
    package var function: FunctionDefinition
    package var arguments: [Expression]
    package var position: PositionRange
}

package struct Aggregation: Sendable {
    package var operation: AggregationOperator
    package var expression: Expression
    package var parameter: Expression?
    package var grouping: [String]
    package var isWithout: Bool
    package var position: PositionRange
}

package struct BinaryOperation: Sendable {
    package var operation: BinaryOperator
    package var left: Expression
    package var right: Expression
    package var matching: VectorMatching?
    /// `bool`: a comparison yields 0 or 1 rather than filtering.
    package var returnsBool = false
}

package struct VectorMatching: Sendable {
    package enum Cardinality: String, Sendable {
        case oneToOne = "one-to-one"
        case manyToOne = "many-to-one"
        case oneToMany = "one-to-many"
        case manyToMany = "many-to-many"
    }

    package var cardinality = Cardinality.oneToOne
    package var labels: [String] = []
    /// `on` rather than `ignoring`.
    package var isOn = false
    /// Labels that the result takes over from the "one" side.
    package var include: [String] = []
    package var fillLeft: Double?
    package var fillRight: Double?
}

package struct UnaryOperation: Sendable {
    package var isNegation: Bool
    package var expression: Expression
    package var start: Int
}

package struct Parenthesised: Sendable {
    package var expression: Expression
    package var position: PositionRange
}

/// A duration that is computed: `[5m * 2]`, `offset (step() - 1)`. Only the query's step and range are known to it.
package struct DurationExpression: Sendable {
    package indirect enum Form: Sendable {
        case number(NumberLiteral)
        case step
        case range
        case minimum(DurationExpression, DurationExpression)
        case maximum(DurationExpression, DurationExpression)
        case negated(DurationExpression)
        case binary(BinaryOperator, DurationExpression, DurationExpression)
        case parenthesised(DurationExpression)
    }

    package var form: Form
    package var position: PositionRange
}

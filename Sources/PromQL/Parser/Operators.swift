package enum BinaryOperator: String, Sendable {
    case add = "+"
    case subtract = "-"
    case multiply = "*"
    case divide = "/"
    case modulo = "%"
    case power = "^"
    case atan2
    case equal = "=="
    case notEqual = "!="
    case greater = ">"
    case less = "<"
    case greaterOrEqual = ">="
    case lessOrEqual = "<="
    case trimUpper = "</"
    case trimLower = ">/"
    case and
    case or
    case unless

    package var isComparison: Bool {
        switch self {
        case .equal, .notEqual, .greater, .less, .greaterOrEqual, .lessOrEqual: true
        default: false
        }
    }

    package var isSet: Bool { self == .and || self == .or || self == .unless }

    /// Whether the result is another quantity than the operands, so that the metric's name no longer fits.
    package var changesMeaning: Bool {
        switch self {
        case .add, .subtract, .multiply, .divide, .modulo, .power, .atan2: true
        default: false
        }
    }

    /// Higher binds tighter.
    var precedence: Int {
        switch self {
        case .or: 1
        case .and, .unless: 2
        case .equal, .notEqual, .greater, .less, .greaterOrEqual, .lessOrEqual, .trimUpper, .trimLower: 3
        case .add, .subtract: 4
        case .multiply, .divide, .modulo, .atan2: 5
        case .power: 6
        }
    }

    /// What a sign in front of an expression binds like.
    static let signPrecedence = BinaryOperator.multiply.precedence
}

package enum AggregationOperator: String, Sendable, CaseIterable {
    case sum
    case avg
    case count
    case min
    case max
    case group
    case stddev
    case stdvar
    case topk
    case bottomk
    case countValues = "count_values"
    case quantile
    case limitk
    case limitRatio = "limit_ratio"

    package var hasParameter: Bool {
        switch self {
        case .topk, .bottomk, .countValues, .quantile, .limitk, .limitRatio: true
        default: false
        }
    }

    package var isExperimental: Bool { self == .limitk || self == .limitRatio }
    /// Whether the result is a choice among the input's series rather than one series for each group.
    package var selectsSeries: Bool {
        switch self {
        case .topk, .bottomk, .limitk, .limitRatio: true
        default: false
        }
    }
}

/// The words that are not operators or aggregations. Most of them may also name a metric or a label.
enum Keyword: String, CaseIterable {
    case offset, smoothed, anchored, by, without, on, ignoring, fill, bool, start, end, step, range
    case groupLeft = "group_left"
    case groupRight = "group_right"
    case fillLeft = "fill_left"
    case fillRight = "fill_right"
    case maxOf = "max_of"
    case minOf = "min_of"

    var mayNameMetric: Bool {
        switch self {
        case .on, .ignoring, .groupLeft, .groupRight, .bool: false
        default: true
        }
    }

    /// Whether it is the name of a function where a parenthesis follows.
    var namesFunction: Bool {
        switch self {
        case .start, .end, .step, .range, .maxOf, .minOf: true
        default: false
        }
    }

    /// `start() end() step() range() max_of() min_of()` are words of the grammar rather than modifiers.
    var isModifier: Bool { !namesFunction }
}

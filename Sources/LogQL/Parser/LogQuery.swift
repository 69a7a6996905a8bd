package import Model

/// A query: lines, or numbers made of them.
package enum LogQuery: Sendable {
    case lines(LogSelector)
    case metric(MetricExpression)
}

/// Streams and what is done with their entries.
package struct LogSelector: Sendable {
    package var matchers: [Matcher]
    var stages: [any Stage]

    /// Whether it selects streams alone.
    package var isPlain: Bool { stages.isEmpty }
}

/// `by (a, b)` or `without (a)`
struct Grouping: Sendable {
    var isWithout: Bool
    var names: [String]
}

package indirect enum MetricExpression: Sendable {
    case literal(Double)
    case vector(Double)
    case range(RangeAggregation)
    case aggregation(VectorAggregation)
    case binary(BinaryOperation)
    case labelReplace(LabelReplacement)
}

/// `rate({app="a"} | json | unwrap bytes [5m] offset 1h) by (path)`
package struct RangeAggregation: Sendable {
    var function: RangeFunction
    /// The quantile.
    var parameter: Double?
    package var selector: LogSelector
    var unwrap: Unwrap?
    package var rangeNs: Int64
    package var offsetNs: Int64 = 0
    var grouping: Grouping?
}

/// `| unwrap duration(took) | __error__ = ""`
struct Unwrap: Sendable {
    enum Conversion: String, Sendable {
        case none, duration, durationSeconds = "duration_seconds", bytes
    }

    var label: LabelPredicate.LabelName
    var conversion: Conversion
    /// Filters behind it.
    var filters: [LabelFilterStage] = []
}

enum RangeFunction: String, CaseIterable, Sendable {
    case count = "count_over_time"
    case rate
    case rateCounter = "rate_counter"
    case bytes = "bytes_over_time"
    case bytesRate = "bytes_rate"
    case avg = "avg_over_time"
    case sum = "sum_over_time"
    case min = "min_over_time"
    case max = "max_over_time"
    case stdvar = "stdvar_over_time"
    case stddev = "stddev_over_time"
    case quantile = "quantile_over_time"
    case first = "first_over_time"
    case last = "last_over_time"
    case absent = "absent_over_time"

    /// Whether it makes no sense without `unwrap`.
    var needsUnwrap: Bool {
        switch self {
        case .rateCounter, .avg, .sum, .min, .max, .stdvar, .stddev, .quantile, .first, .last: true
        case .count, .rate, .bytes, .bytesRate, .absent: false
        }
    }

    var takesUnwrap: Bool { needsUnwrap || self == .rate || self == .absent }

    /// Whether `by` may stand behind it.
    var takesGrouping: Bool {
        switch self {
        case .avg, .stddev, .stdvar, .quantile, .max, .min, .first, .last: true
        case .rateCounter, .sum, .count, .rate, .bytes, .bytesRate, .absent: false
        }
    }

    /// Whether it looks at the line, which stages may change.
    var readsLine: Bool { self == .bytes || self == .bytesRate }
}

package struct VectorAggregation: Sendable {
    enum Operation: String, CaseIterable, Sendable {
        case sum, avg, max, min, count, stddev, stdvar, topk, bottomk, sort, sortDesc = "sort_desc"
        case approxTopk = "approx_topk"

        var takesParameter: Bool { self == .topk || self == .bottomk || self == .approxTopk }
        var isSort: Bool { self == .sort || self == .sortDesc }
    }

    var operation: Operation
    /// How many series are selected.
    var parameter: Int?
    var grouping: Grouping?
    package var inner: MetricExpression
}

package struct BinaryOperation: Sendable {
    enum Operator: String, CaseIterable, Sendable {
        case or, and, unless
        case equal = "==", notEqual = "!=", greater = ">", greaterOrEqual = ">=", less = "<", lessOrEqual = "<="
        case add = "+", subtract = "-", multiply = "*", divide = "/", modulo = "%", power = "^"

        var isSet: Bool { self == .or || self == .and || self == .unless }

        var isComparison: Bool {
            switch self {
            case .equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual: true
            default: false
            }
        }

        /// What binds tighter has more.
        var precedence: Int {
            switch self {
            case .or: 1
            case .and, .unless: 2
            case .equal, .notEqual, .greater, .greaterOrEqual, .less, .lessOrEqual: 3
            case .add, .subtract: 4
            case .multiply, .divide, .modulo: 5
            case .power: 6
            }
        }
    }

    /// How the series of both sides find each other.
    struct Matching: Sendable {
        enum Cardinality: Sendable {
            case oneToOne, manyToOne, oneToMany
        }

        var isOn = false
        var labels: [String] = []
        var cardinality = Cardinality.oneToOne
        /// Labels of the one side that the result gets.
        var included: [String] = []
        /// Whether it was written at all.
        var isWritten = false
    }

    var operation: Operator
    var returnsBool = false
    var matching = Matching()
    package var left: MetricExpression
    package var right: MetricExpression
}

package struct LabelReplacement: Sendable {
    package var inner: MetricExpression
    var target: String
    var replacement: String
    var source: String
    var pattern: String
    var compiled: LabelReplacementRule
}

extension LogQuery {
    package init(parsing text: String) throws(LogQLError) { self = try QueryParser.parse(text) }
}

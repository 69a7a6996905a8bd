/// One function of the language: what the parser checks and the engine runs, in one place.
package struct FunctionDefinition: Sendable {
    package let name: String
    /// The last type also goes for the arguments beyond these, where there may be more.
    package let argumentTypes: [ValueType]
    /// Zero: exactly the listed arguments. Positive: the last one may be left out, or come up to so many times.
    /// Negative: the last one may be left out, or come any number of times.
    package let variadic: Int
    package let returns: ValueType
    package let isExperimental: Bool
    /// Whether the result depends on the instant of evaluation even where the arguments do not.
    let dependsOnTime: Bool
    let body: FunctionBody

    init(
        _ name: String, _ argumentTypes: [ValueType], variadic: Int = 0, returns: ValueType = .vector,
        isExperimental: Bool = false, dependsOnTime: Bool = false, _ body: FunctionBody
    ) {
        self.name = name
        self.argumentTypes = argumentTypes
        self.variadic = variadic
        self.returns = returns
        self.isExperimental = isExperimental
        self.dependsOnTime = dependsOnTime
        self.body = body
    }

    var argumentsMin: Int { variadic == 0 ? argumentTypes.count : argumentTypes.count - 1 }

    var argumentsMax: Int {
        if variadic == 0 { return argumentTypes.count }
        return variadic < 0 ? .max : argumentTypes.count - 1 + variadic
    }
}

/// How a function is evaluated.
enum FunctionBody: Sendable {
    /// Known from the query alone: `start()`, `end()`, `range()`, `step()`.
    case query(@Sendable (QueryTimes) -> Double)
    /// A column of numbers from columns of numbers.
    case scalar(@Sendable ([[Double]], Grid) -> [Double])
    /// The only float at each instant.
    case scalarOfVector
    case vectorOfScalar
    /// Each float by itself; histograms go.
    case map(@Sendable (inout [Double], MapArguments) -> Void)
    /// Each value as a time; without an argument the instant of evaluation.
    case calendar(@Sendable (Double) -> Double)
    case overTime(OverTimeFunction)
    /// Whole vectors.
    case vector(@Sendable (inout VectorCall) throws(QueryError) -> Frame)
    case absent
    case absentOverTime
    case timestamp
    case startTimestamp
    case info
}

/// What a query asks for, as `start()` and its kin tell it.
struct QueryTimes: Sendable {
    var startMs: Int64
    var endMs: Int64
    /// Zero for an instant query.
    var stepMs: Int64

    var rangeMs: Int64 { endMs - startMs }
}

/// Scalar arguments of a function that maps a row, a column each.
struct MapArguments {
    let scalars: [[Double]]

    /// Replaces each float of a row. `change` sees the step too.
    @inline(__always)
    static func each(_ row: inout [Double], _ change: (Double, Int) -> Double) {
        for step in row.indices where !Absent.isAbsent(row[step]) { row[step] = change(row[step], step) }
    }
}

/// A call of a function over whole vectors, with its arguments evaluated.
struct VectorCall {
    enum Argument {
        case scalar([Double])
        case string(String, isValid: Bool)
        case frame(Frame)
    }

    let arguments: [Argument]
    let positions: [PositionRange]
    let position: PositionRange
    let grid: Grid
    let features: LanguageFeatures
    var annotations = Annotations()

    func frame(_ index: Int) -> Frame {
        guard case .frame(let frame) = arguments[index] else { preconditionFailure("BUG: argument is no vector") }
        return frame
    }

    func scalar(_ index: Int) -> [Double] {
        guard case .scalar(let column) = arguments[index] else { preconditionFailure("BUG: argument is no scalar") }
        return column
    }

    func string(_ index: Int) -> String {
        guard case .string(let text, _) = arguments[index] else { preconditionFailure("BUG: argument is no string") }
        return text
    }

    /// A string that is to be the name of a label.
    func label(_ index: Int, _ role: String, of function: String) throws(QueryError) -> String {
        guard case .string(let text, let isValid) = arguments[index], isValid, !text.isEmpty else {
            throw .execution("invalid \(role) label name in \(function)(): \(string(index))")
        }
        return text
    }
}

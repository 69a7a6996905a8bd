import Model

/// An expression made ready to run: times are resolved, each selector has its place among the selections, parts that
/// do not depend on the instant or that occur twice are marked.
struct Plan: Sendable {
    indirect enum Node: Sendable {
        case number(Double)
        /// Not every string is valid UTF-8, which matters where it is to be a label.
        case string(String, isValid: Bool)
        case scalars(@Sendable ([[Double]], Grid) -> [Double], [Plan])
        case scalarOfVector(Plan)
        case vectorOfScalar(Plan)
        case instant(InstantPlan)
        case rawSamples(RangeInput)
        case map(@Sendable (inout [Double], MapArguments) -> Void, Plan, [Plan])
        case overTime(OverTimePlan)
        case vectorCall(@Sendable (inout VectorCall) throws(QueryError) -> Frame, [Plan])
        case absent(Plan, Labels)
        case info(InfoPlan)
        case noStartTimestamps
        case aggregation(AggregationPlan)
        case scalarBinary(BinaryOperator, Plan, Plan)
        case vectorScalar(VectorScalarPlan)
        case vectorBinary(VectorBinaryPlan)
        case setOperation(BinaryOperator, Plan, Plan, VectorMatching)
        case negation(Plan)
        case timeOfEvaluation(Plan)
        /// The same at all instants: evaluated at the first one.
        case invariant(Plan)
        /// Evaluated once for all places with this number.
        case shared(Int, Plan)

        /// Whether Prometheus makes the result of it series by series rather than instant by instant.
        var goesSeriesBySeries: Bool {
            switch self {
            case .negation, .overTime: true
            default: false
            }
        }
    }

    var node: Node
    var type: ValueType
    var grid: Grid
    var position: PositionRange
}

/// What of a sample an instant selector yields.
enum SampleAspect: Sendable {
    case value, timestamp, startTimestamp
    /// The time of a float; a histogram is an error.
    case infoTimestamp
}

struct InstantPlan: Sendable {
    enum Input: Sendable {
        case selection(Int)
        /// LogQL, which is evaluated while the query runs.
        case logs(String)
    }

    var input: Input
    var mapping: TimeMapping
    var lookbackMs: Int64
    var aspect = SampleAspect.value
    var isSmoothed: Bool
    /// Of histograms only count and sum are wanted.
    var statisticsOnly = false
}

/// Where a range's samples come from.
struct RangeInput: Sendable {
    indirect enum Source: Sendable {
        case selection(Int)
        case subquery(Plan)
    }

    var source: Source
    var mapping: TimeMapping
    var rangeMs: Int64
    var edge: RangeEdge
    /// Of histograms only count and sum are wanted.
    var statisticsOnly = false
    /// How far beyond the range `anchored` and `smoothed` look.
    var lookbackMs: Int64

    var beforeMs: Int64 { edge == .plain ? rangeMs : rangeMs + lookbackMs }
    var afterMs: Int64 { edge == .smoothed ? lookbackMs : 0 }
}

struct OverTimePlan: Sendable {
    var function: OverTimeFunction
    var input: RangeInput
    var scalars: [Plan]
    /// The place that notes about the range point at.
    var position: PositionRange
}

struct AggregationPlan: Sendable {
    var operation: AggregationOperator
    var input: Plan
    var parameter: Plan?
    var grouping: [String]
    var isWithout: Bool
    var position: PositionRange
}

struct VectorScalarPlan: Sendable {
    var operation: BinaryOperator
    var vector: Plan
    var scalar: Plan
    var scalarIsLeft: Bool
    var returnsBool: Bool
}

struct VectorBinaryPlan: Sendable {
    var operation: BinaryOperator
    var left: Plan
    var right: Plan
    var matching: VectorMatching
    var returnsBool: Bool
}

struct InfoPlan: Sendable {
    var input: Plan
    /// Conditions on the labels to take over; nil where all of `target_info` are.
    var matchers: [Matcher]?
    /// When the info series are looked at.
    var mapping: TimeMapping
}

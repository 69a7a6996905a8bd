/// What a metric measures. It decides how the integers that a handle takes are shown.
package enum MetricUnit: Sendable {
    case none
    case bytes
    /// Handles take nanoseconds, readers see seconds, so that one atomic integer holds the value exactly.
    case seconds

    func shown(_ raw: Double) -> Double {
        self == .seconds ? raw / 1_000_000_000 : raw
    }

    /// The word that OpenMetrics wants at the end of the name.
    package var word: String? {
        switch self {
        case .none: nil
        case .bytes: "bytes"
        case .seconds: "seconds"
        }
    }
}

/// The kinds that the exposition formats know and this project uses.
package enum MetricKind: String, Sendable {
    case counter, gauge, histogram
}

/// One label of a metric or of an exemplar.
package struct LabelPair: Hashable, Sendable {
    package let name: String
    package let value: String

    package init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// One observation kept as an example of many, with the trace that it belongs to.
package struct Exemplar: Sendable {
    package let labels: [LabelPair]
    package let value: Double
    package let wallMs: Int64
}

/// What a handle holds at one moment.
package enum MetricReading: Sendable {
    case number(Double, exemplar: Exemplar?)
    case histogram(HistogramReading)
}

/// A handle: what code adds to, and what the registry reads.
package protocol Metric: AnyObject, Sendable {
    var reading: MetricReading { get }
}

import Encoding

/// What a user is told beside a result: a warning, or only information.
package struct Annotation: Sendable, Equatable {
    package enum Level: String, Sendable {
        case warning = "PromQL warning"
        case info = "PromQL info"
    }

    /// Where and when counts of classic buckets had to be made monotonic.
    struct Monotonicity: Sendable, Equatable {
        var firstMs: Int64
        var lastMs: Int64
        var lowestBound: Double
        var highestBound: Double
        var largestDrop: Double
    }

    package let level: Level
    /// Equal texts are told once.
    let text: String
    var position: PositionRange
    var occurrences = 1
    /// Whether a repetition is told as a number.
    var countsOccurrences = false
    var monotonicity: Monotonicity?

    init(_ level: Level, _ text: String, _ position: PositionRange) {
        self.level = level
        self.text = "\(level.rawValue): \(text)"
        self.position = position
    }

    /// The sentence with the place in the query.
    package func sentence(in query: String) -> String {
        var sentence = text
        if let detail = monotonicity {
            sentence += ", from buckets \(FloatText.general(detail.lowestBound)) to "
            sentence += "\(FloatText.general(detail.highestBound)), with a max diff of "
            sentence += "\(FloatText.general(detail.largestDrop, significant: 2)), over \(occurrences) samples from "
            sentence += "\(Self.seconds(detail.firstMs)) to \(Self.seconds(detail.lastMs))"
        } else if countsOccurrences, occurrences > 1 {
            sentence += " (\(occurrences) occurrences)"
        }
        return "\(sentence) (\(position.lineAndColumn(in: query)))"
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        String(CivilTime(ms: milliseconds).rfc3339.dropLast(5)) + "Z"
    }

    mutating func merge(_ later: Annotation) {
        position = later.position
        occurrences += later.occurrences
        guard let mine = monotonicity, let other = later.monotonicity else { return }
        monotonicity = Monotonicity(
            firstMs: min(mine.firstMs, other.firstMs), lastMs: max(mine.lastMs, other.lastMs),
            lowestBound: min(mine.lowestBound, other.lowestBound),
            highestBound: max(mine.highestBound, other.highestBound),
            largestDrop: max(mine.largestDrop, other.largestDrop))
    }
}

/// Annotations, each text once, in the order in which they first came.
struct Annotations: Sendable {
    private(set) var all: [Annotation] = []
    private var places: [String: Int] = [:]

    mutating func add(_ annotation: Annotation) {
        if let place = places[annotation.text] {
            all[place].merge(annotation)
        } else {
            places[annotation.text] = all.count
            all.append(annotation)
        }
    }

    mutating func add(_ others: Annotations) {
        for annotation in others.all { add(annotation) }
    }
}

/// The texts, as Prometheus words them.
extension Annotation {
    private static func forMetric(_ name: String) -> String {
        name.isEmpty ? "" : " for metric name \(Quoted.text(name))"
    }

    static func invalidRatio(_ ratio: Double, cappedTo cap: Double, _ position: PositionRange) -> Annotation {
        Annotation(
            .warning,
            "ratio value should be between -1 and 1, got \(FloatText.general(ratio)), capping to \(FloatText.general(cap))",
            position)
    }

    static func invalidQuantile(_ q: Double, _ position: PositionRange) -> Annotation {
        Annotation(.warning, "quantile value should be between 0 and 1, got \(FloatText.general(q))", position)
    }

    static func badBucketLabel(_ label: String, metric: String, _ position: PositionRange) -> Annotation {
        Annotation(
            .warning,
            "bucket label \"le\" is missing or has a malformed value of \(Quoted.text(label))\(forMetric(metric))",
            position)
    }

    static func mixedFloatsHistograms(metric: String, _ position: PositionRange) -> Annotation {
        Annotation(
            .warning, "encountered a mix of histograms and floats for metric name \(Quoted.text(metric))", position)
    }

    static func mixedFloatsHistogramsInAggregation(_ position: PositionRange) -> Annotation {
        Annotation(.warning, "encountered a mix of histograms and floats for aggregation", position)
    }

    static func mixedClassicNative(metric: String, _ position: PositionRange) -> Annotation {
        Annotation(
            .warning, "vector contains a mix of classic and native histograms\(forMetric(metric))", position)
    }

    static func notCounter(metric: String, _ position: PositionRange) -> Annotation {
        Annotation(.warning, "this native histogram metric is not a counter: \(Quoted.text(metric))", position)
    }

    static func notGauge(metric: String, _ position: PositionRange) -> Annotation {
        Annotation(.warning, "this native histogram metric is not a gauge: \(Quoted.text(metric))", position)
    }

    static func mixedExponentialCustom(metric: String, _ position: PositionRange) -> Annotation {
        Annotation(
            .warning,
            "vector contains a mix of histograms with exponential and custom buckets schemas for metric name \(Quoted.text(metric))",
            position)
    }

    static func incompatibleBuckets(_ operation: BinaryOperator, _ position: PositionRange) -> Annotation {
        Annotation(
            .warning, "incompatible bucket layout encountered for binary operator \(operation.rawValue)", position)
    }

    static func sortInRange(_ position: PositionRange) -> Annotation {
        Annotation(
            .warning, "sort is ineffective for range queries since results are always ordered by labels", position)
    }

    static func possibleNonCounter(metric: String, _ position: PositionRange) -> Annotation {
        Annotation(
            .info,
            "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: \(Quoted.text(metric))",
            position)
    }

    static func possibleNonCounter(metric: String, type: String, _ position: PositionRange) -> Annotation {
        Annotation(
            .info,
            "metric might not be a counter, __type__ label is not set to \"counter\" or \"histogram\", got \(Quoted.text(type)): \(Quoted.text(metric))",
            position)
    }

    static func forcedMonotonicity(
        metric: String, timeMs: Int64, _ repair: ClassicBuckets.Repair, _ position: PositionRange
    ) -> Annotation {
        var annotation = Annotation(
            .info,
            "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)\(forMetric(metric))",
            position)
        annotation.monotonicity = Monotonicity(
            firstMs: timeMs, lastMs: timeMs, lowestBound: repair.lowestBound, highestBound: repair.highestBound,
            largestDrop: repair.largestDrop)
        return annotation
    }

    static func incompatibleTypes(
        _ left: String, _ operation: BinaryOperator, _ right: String, _ position: PositionRange
    ) -> Annotation {
        let sign = operation.rawValue
        return Annotation(
            .info,
            "incompatible sample types encountered for binary operator \"\(sign)\": \(left) \(sign) \(right)", position)
    }

    static func histogramIgnored(in aggregation: AggregationOperator, _ position: PositionRange) -> Annotation {
        Annotation(.info, "ignored histogram in \(aggregation.rawValue) aggregation", position)
    }

    static func histogramIgnored(metric: String, _ position: PositionRange) -> Annotation {
        Annotation(
            .info,
            "ignored histograms in a range containing both floats and histograms for metric name \(Quoted.text(metric))",
            position)
    }

    static func note(_ note: HistogramNote, metric: String, _ position: PositionRange) -> Annotation {
        let text =
            switch note {
            case .nanResult: "input to histogram_quantile has NaN observations, result is NaN"
            case .nanSkew: "input to histogram_quantile has NaN observations, result is skewed higher"
            case .nanExcluded:
                "input to histogram_fraction has NaN observations, which are excluded from all fractions"
            }
        return Annotation(.info, text + forMetric(metric), position)
    }

    static func resetCollision(during operation: String, _ position: PositionRange) -> Annotation {
        Annotation(.warning, "conflicting counter resets during histogram \(operation)", position)
    }

    static func boundsReconciled(during operation: String, _ position: PositionRange) -> Annotation {
        Annotation(.info, "mismatched custom buckets were reconciled during \(operation)", position)
    }

    static func startTimeOverlap(metric: String, _ position: PositionRange) -> Annotation {
        var annotation = Annotation(
            .warning,
            "sample has start time that overlaps with previous sample timestamp for metric \(Quoted.text(metric))",
            position)
        annotation.countsOccurrences = true
        return annotation
    }
}

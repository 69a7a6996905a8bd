import Encoding
import Model

/// One sample of a family, and what its type asks of it alone.
struct OpenMetricsSample {
    let kind: MetricMetadata.Kind
    /// What its name has behind that of the family.
    let suffix: String
    let family: String
    let labels: Labels
    let value: Double
    let timestampMs: Int64?

    /// What tells the metrics of a family apart: the labels without those that name a bucket, quantile or state.
    var metric: Labels {
        Labels(labels.pairs.filter { $0.name != Labels.metricName && $0.name != partLabel })
    }

    private var partLabel: String {
        switch (kind, suffix) {
        case (.histogram, "_bucket"), (.gaugehistogram, "_bucket"): "le"
        case (.summary, ""): "quantile"
        case (.stateset, _): family
        default: ""
        }
    }

    /// The upper bound of a bucket, or a quantile.
    var bound: Double? { FloatReading.float(labels[partLabel]) }

    var mayHaveExemplar: Bool { kind == .counter && suffix == "_total" || suffix == "_bucket" }

    var fault: String? {
        if !partLabel.isEmpty, labels[partLabel].isEmpty { return "the label \(partLabel) is missing" }
        switch (kind, suffix) {
        case (.histogram, "_bucket"), (.gaugehistogram, "_bucket"):
            guard let bound, !bound.isNaN else { return "le is no number" }
            return countFault
        case (.summary, ""):
            guard let bound, bound >= 0, bound <= 1 else { return "quantile is no number from 0 to 1" }
            return value < 0 ? "a quantile is below zero" : nil
        case (.info, _): return value == 1 ? nil : "the value of an info is 1"
        case (.stateset, _): return value == 0 || value == 1 ? nil : "the value of a stateset is 0 or 1"
        case (.gaugehistogram, "_gsum"), (.histogram, "_sum"): return value.isNaN ? "a sum is NaN" : nil
        case (.counter, "_total"), (.histogram, "_count"), (.gaugehistogram, _), (.summary, "_count"),
            (.summary, "_sum"):
            return countFault
        default: return nil
        }
    }

    private var countFault: String? {
        if value.isNaN { return "a count is NaN" }
        return value < 0 ? "a count is below zero" : nil
    }
}

/// The samples of one metric so far: their order in time, and what a histogram is made of.
struct MetricPoints {
    let metric: Labels
    private let kind: MetricMetadata.Kind
    private var timestampMs: Int64?
    private var hasTimestamps = false
    private var isEmpty = true
    /// Samples at the current timestamp.
    private var seen: Set<Labels> = []
    private var buckets: [(bound: Double, count: Double)] = []
    private var count: Double?
    private var sum: Double?

    init(metric: Labels, kind: MetricMetadata.Kind) {
        self.metric = metric
        self.kind = kind
    }

    mutating func add(_ sample: OpenMetricsSample) -> String? {
        if !isEmpty, hasTimestamps != (sample.timestampMs != nil) {
            return "a metric has samples with and without timestamps"
        }
        if let now = sample.timestampMs, let before = timestampMs, now != before {
            if now < before { return "the timestamps of a metric go back" }
            if let fault { return fault }
            startPoint()
        }
        isEmpty = false
        hasTimestamps = sample.timestampMs != nil
        timestampMs = sample.timestampMs
        guard seen.insert(sample.labels).inserted else { return "a sample comes twice" }
        switch sample.suffix {
        case "_bucket": return addBucket(sample)
        case "_count", "_gcount": count = sample.value
        case "_sum", "_gsum": sum = sample.value
        default: break
        }
        return nil
    }

    private mutating func startPoint() {
        seen = []
        buckets = []
        count = nil
        sum = nil
    }

    private mutating func addBucket(_ sample: OpenMetricsSample) -> String? {
        let bound = sample.bound ?? .nan
        if let last = buckets.last {
            if bound <= last.bound { return "the buckets are not in order" }
            if sample.value < last.count { return "a bucket counts less than the one below it" }
        }
        buckets.append((bound, sample.value))
        return nil
    }

    /// What is wrong with the histogram that has ended.
    var fault: String? {
        guard kind == .histogram || kind == .gaugehistogram else { return nil }
        guard let last = buckets.last, last.bound == .infinity else { return "the bucket +Inf is missing" }
        if (count == nil) != (sum == nil) { return "a histogram has count and sum or neither" }
        if let count, count != last.count { return "the count is not that of the bucket +Inf" }
        let isBelowZero = buckets[0].bound < 0
        if isBelowZero, kind == .histogram, sum != nil { return "a histogram with buckets below zero has no sum" }
        if let sum, sum < 0, !isBelowZero { return "the sum is below zero without buckets there" }
        return nil
    }
}

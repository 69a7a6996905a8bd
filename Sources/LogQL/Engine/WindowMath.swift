import PromQL

/// A number with its time.
struct WindowSample {
    var ns: Int64
    var value: Double
}

extension [WindowSample] {
    /// Oldest first.
    mutating func putInOrder() {
        let isOrdered = zip(self, dropFirst()).allSatisfy { $0.ns <= $1.ns }
        if !isOrdered { sort { $0.ns < $1.ns } }
    }
}

/// Functions of all samples of a window, oldest first, at least one.
enum WindowMath {
    static func value(_ range: RangeAggregation, _ samples: ArraySlice<WindowSample>, atNs: Int64) -> Double? {
        switch range.function {
        case .first: return samples.first?.value
        case .last: return samples.last?.value
        case .stdvar: return variance(samples.map(\.value))
        case .stddev: return variance(samples.map(\.value)).squareRoot()
        case .quantile: return quantile(range.parameter ?? 0, samples.map(\.value))
        case .rateCounter: return counterRate(samples, atNs: atNs, rangeNs: range.rangeNs)
        default: preconditionFailure("BUG: \(range.function.rawValue) does not need its window")
        }
    }

    /// Of the whole population, by Welford's method.
    static func variance(_ values: [Double]) -> Double {
        var (mean, squares, count) = (0.0, 0.0, 0.0)
        for value in values {
            count += 1
            let delta = value - mean
            mean += delta / count
            squares += delta * (value - mean)
        }
        return squares / count
    }

    /// Between the two nearest ranks.
    static func quantile(_ quantile: Double, _ values: [Double]) -> Double {
        if values.isEmpty || quantile.isNaN { return .nan }
        if quantile < 0 { return -.infinity }
        if quantile > 1 { return .infinity }
        let sorted = values.sorted { $1.isNaN ? false : $0 < $1 || $0.isNaN }
        let rank = quantile * Double(sorted.count - 1)
        let lower = max(0, Int(rank.rounded(.down)))
        let upper = min(sorted.count - 1, lower + 1)
        let weight = rank - rank.rounded(.down)
        return sorted[lower] * (1 - weight) + sorted[upper] * weight
    }

    /// As Prometheus' `rate`: resets are added up, and the ends are extrapolated up to half a distance between samples.
    private static func counterRate(_ samples: ArraySlice<WindowSample>, atNs: Int64, rangeNs: Int64) -> Double {
        guard let first = samples.first, let last = samples.last, samples.count > 1 else { return 0 }
        var result = last.value - first.value
        var previous = first.value
        for sample in samples.dropFirst() {
            if sample.value < previous { result += previous }
            previous = sample.value
        }
        let sampled = Double(last.ns - first.ns) / 1e9
        var toStart = Double(first.ns - (atNs - rangeNs)) / 1e9
        let toEnd = Double(atNs - last.ns) / 1e9
        let average = sampled / Double(samples.count - 1)
        if result > 0, first.value >= 0 { toStart = min(toStart, sampled * (first.value / result)) }
        let threshold = average * 1.1
        let extrapolated =
            sampled + (toStart < threshold ? toStart : average / 2) + (toEnd < threshold ? toEnd : average / 2)
        return result * (extrapolated / sampled) / (Double(rangeNs) / 1e9)
    }
}

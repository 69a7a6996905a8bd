import Glibc

/// Sums and what follows from them, as Prometheus adds up.
enum NaiveSum {
    /// Neumaier's sum.
    static func of(_ values: [Double]) -> Double {
        guard var sum = values.first else { return 0 }
        var correction = 0.0
        for value in values.dropFirst() {
            let total = sum + value
            if total.isInfinite {
                correction = 0
            } else if abs(sum) >= abs(value) {
                correction += (sum - total) + value
            } else {
                correction += (value - total) + sum
            }
            sum = total
        }
        return sum.isInfinite ? sum : sum + correction
    }

    static func mean(_ values: [Double]) -> Double { of(values) / Double(values.count) }

    /// Welford's way, which a first value that is no finite number spoils.
    static func variance(_ values: [Double]) -> Double {
        guard let first = values.first else { return .nan }
        var mean = first
        var squares = first.isFinite ? 0 : Double.nan
        for (index, value) in values.enumerated().dropFirst() {
            let delta = value - mean
            mean += delta / Double(index + 1)
            squares += delta * (value - mean)
        }
        return squares / Double(values.count)
    }

    static func quantile(_ q: Double, _ values: [Double]) -> Double {
        if values.isEmpty || q.isNaN { return .nan }
        if q < 0 { return -.infinity }
        if q > 1 { return .infinity }
        let sorted = values.filter(\.isNaN) + values.filter { !$0.isNaN }.sorted()
        let rank = q * Double(sorted.count - 1)
        let lower = Int(rank.rounded(.down))
        let upper = min(sorted.count - 1, lower + 1)
        let weight = rank - rank.rounded(.down)
        return sorted[lower] * (1 - weight) + sorted[upper] * weight
    }

    /// Slope, and the value at `originMs`, of the line through the samples by least squares.
    static func line(_ samples: [(timeMs: Int64, value: Double)], originMs: Int64) -> (slope: Double, value: Double) {
        let values = samples.map(\.value)
        if values.allSatisfy({ $0 == values[0] }) {
            return values[0].isInfinite ? (.nan, .nan) : (0, values[0])
        }
        let x = samples.map { Double($0.timeMs - originMs) / 1000 }
        let meanX = of(x) / Double(x.count)
        let meanY = of(values) / Double(x.count)
        let covariance = of(zip(x, values).map { ($0 - meanX) * ($1 - meanY) })
        let slope = covariance / of(x.map { ($0 - meanX) * ($0 - meanX) })
        return (slope, meanY - slope * meanX)
    }
}

package import Model

/// Series with everything that a stored series can have: gaps, resets, stale markers, NaN, infinities, native
/// histograms of several layouts, histograms beside floats, samples exactly on range boundaries.
package struct OddSeries: Sendable {
    package static let startMs: Int64 = 1_700_000_000_000
    package static let intervalMs: Int64 = 15_000

    package struct Series: Sendable {
        package var labels: Labels
        package var floats: [(timestampMs: Int64, value: Double)] = []
        package var histograms: [SampleBatch.Histogram] = []
    }

    package private(set) var series: [Series] = []
    package let endMs: Int64
    private let count: Int

    /// - Parameter samples: of each series.
    package init(seed: UInt64, samples: Int) {
        count = samples
        endMs = Self.startMs + Int64(samples) * Self.intervalMs
        var random = SeededGenerator(seed: seed)
        for job in ["api", "web"] {
            for instance in 0..<3 {
                let target = [("job", job), ("instance", "\(instance)")]
                for code in ["200", "404"] { addCounter(target + [("code", code)], &random) }
                addGauge(target, &random)
                addOdd(target, &random)
                addFloats("build_info", target + [("version", "1.\(instance)")], times(&random).map { ($0, 1) })
                addFloats("idle", target, times(&random).map { ($0, 0) })
                addFloats(
                    "target_info", target + [("data", "d\(instance)")], times(&random).map { ($0, 1) })
                addBuckets(target, &random)
                addHistograms("native", target, schemas: [1], custom: false, &random)
                addHistograms("custom", target, schemas: [], custom: true, &random)
                addHistograms("drifting", target, schemas: [0, 2, 3], custom: instance == 2, &random)
                addMixed(target, &random)
            }
        }
    }

    /// Every other series lies exactly on the grid of 15 s; a part of each is missing.
    private func times(_ random: inout SeededGenerator) -> [Int64] {
        let gap = Int(random.next() % UInt64(count))
        let length = Int(random.next() % UInt64(count / 5 + 2))
        let isExact = random.next() % 2 == 0
        return (0..<count).compactMap { index in
            let jitter = isExact ? 0 : Int64(random.next() % 9_000)
            return index >= gap && index < gap + length ? nil : Self.startMs + Int64(index) * Self.intervalMs + jitter
        }
    }

    private mutating func addFloats(
        _ name: String, _ labels: [(String, String)], _ samples: [(timestampMs: Int64, value: Double)]
    ) {
        series.append(Series(labels: Labels([("__name__", name)] + labels), floats: samples))
    }

    private mutating func addCounter(_ labels: [(String, String)], _ random: inout SeededGenerator) {
        var value = random.next() % 2 == 0 ? 0 : 1e6
        let samples = times(&random).map { time in
            value += Double(random.next() % 6000) / 100
            if random.next() % 60 == 0 { value = Double(random.next() % 5) }
            return (timestampMs: time, value: value)
        }
        addFloats("requests_total", labels, samples)
    }

    private mutating func addGauge(_ labels: [(String, String)], _ random: inout SeededGenerator) {
        var value = Double(random.next() % 1000) / 10 - 40
        let samples = times(&random).map { time in
            value += (Double(random.next() % 2001) - 1000) / 137
            return (timestampMs: time, value: random.next() % 70 == 0 ? StaleMarker.value : value)
        }
        addFloats("temperature", labels, samples)
    }

    private mutating func addOdd(_ labels: [(String, String)], _ random: inout SeededGenerator) {
        let samples = times(&random).map { time in
            let value: Double =
                switch random.next() % 12 {
                case 0: .nan
                case 1: .infinity
                case 2: -.infinity
                case 3: StaleMarker.value
                case 4: -0.0
                case 5: 1e6
                case 6: Double(random.next() % 1000) * 1e-9
                default: Double(random.next() % 100)
                }
            return (timestampMs: time, value: value)
        }
        addFloats("odd", labels, samples)
    }

    private mutating func addBuckets(_ labels: [(String, String)], _ random: inout SeededGenerator) {
        let bounds = ["0.1", "0.5", "1", "5", "+Inf"]
        var counts = [Double](repeating: 0, count: bounds.count)
        var samples = [[(timestampMs: Int64, value: Double)]](repeating: [], count: bounds.count)
        for time in times(&random) {
            var added = 0.0
            for index in bounds.indices {
                added += Double(random.next() % 20)
                counts[index] += added
                samples[index].append((time, counts[index]))
            }
        }
        for (bound, samples) in zip(bounds, samples) {
            addFloats("latency_bucket", labels + [("le", bound)], samples)
        }
    }

    private mutating func addHistograms(
        _ name: String, _ labels: [(String, String)], schemas: [Int32], custom: Bool, _ random: inout SeededGenerator
    ) {
        var one = Series(labels: Labels([("__name__", name)] + labels))
        var counts: [UInt64] = [0, 0, 0, 0]
        var schema = schemas.first ?? NativeHistogram.customBoundsSchema
        for time in times(&random) {
            if random.next() % 50 == 0 { counts = [0, 0, 0, 0] }
            if let other = schemas.randomElement(using: &random), random.next() % 30 == 0 { schema = other }
            for index in counts.indices { counts[index] += random.next() % 8 }
            let isCustom = schemas.isEmpty || custom && random.next() % 20 == 0
            var value = Self.histogram(counts, isCustom ? NativeHistogram.customBoundsSchema : schema, &random)
            if random.next() % 60 == 0 { value.sum = StaleMarker.value }
            one.histograms.append(SampleBatch.Histogram(timestampMs: time, value: value))
        }
        series.append(one)
    }

    private static func histogram(
        _ counts: [UInt64], _ schema: Int32, _ random: inout SeededGenerator
    ) -> NativeHistogram {
        let isCustom = schema == NativeHistogram.customBoundsSchema
        let zero = isCustom ? 0 : counts[0] / 2
        let negative = isCustom ? [] : [counts[1] / 3, counts[2]]
        let total = counts.reduce(zero, +) + negative.reduce(0, +)
        return NativeHistogram(
            schema: schema, zeroThreshold: isCustom ? 0 : 0.001, sum: Double(total) * 1.5,
            counts: .integer(count: total, zero: zero, positive: counts, negative: negative),
            positiveSpans: [
                NativeHistogram.Span(offset: 0, length: 2),
                NativeHistogram.Span(offset: isCustom ? 0 : Int32(random.next() % 3), length: 2),
            ], negativeSpans: isCustom ? [] : [NativeHistogram.Span(offset: 1, length: 2)],
            customBounds: isCustom ? [0.1, 0.5, 1] : [])
    }

    /// Floats first, histograms later: some ranges hold both.
    private mutating func addMixed(_ labels: [(String, String)], _ random: inout SeededGenerator) {
        var one = Series(labels: Labels([("__name__", "mixed")] + labels))
        let change = Int(random.next() % UInt64(count))
        for (index, time) in times(&random).enumerated() {
            if index < change {
                one.floats.append((time, Double(index)))
            } else {
                let counts = (0..<4).map { UInt64(index + $0) }
                one.histograms.append(
                    SampleBatch.Histogram(timestampMs: time, value: Self.histogram(counts, 1, &random)))
            }
        }
        series.append(one)
    }

    package func store() throws -> MemoryMetricStore {
        var batch = SampleBatch()
        for one in series {
            batch.append(one.labels, one.floats)
            let start = batch.histograms.count
            batch.histograms += one.histograms
            batch.series[batch.series.count - 1].histograms = start..<batch.histograms.count
        }
        let store = MemoryMetricStore()
        _ = try store.append(&batch)
        return store
    }
}

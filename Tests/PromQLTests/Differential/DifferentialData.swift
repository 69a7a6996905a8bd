import Model
import TestSupport

/// Series for comparing engines: counters with a reset, gauges with gaps, some of which begin with a stale marker,
/// classic and native histograms, an info metric. No sample lies on a whole second, so that ranges open or closed at their start give the same.
struct DifferentialData {
    static let startMs: Int64 = 1_699_999_200_000
    static let intervalMs: Int64 = 15_000
    static let samplesMax = 360

    private(set) var series: [RemoteWriteBody.Series] = []

    init(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for job in ["api", "web"] {
            for instance in 0..<3 {
                let target = [("job", job), ("instance", "host-\(instance)")]
                for code in ["200", "404", "500"] {
                    add("requests_total", target + [("code", code)], &generator, counter)
                }
                add("temperature", target, &generator, gauge)
                add("odd", target, &generator, odd)
                add("size_bytes", target + [("zone", instance == 0 ? "a" : "b")], &generator, gauge)
                add("build_info", target + [("version", "1.\(instance)")], &generator) { _ in { _ in 1 } }
                addBuckets(target, &generator)
                addNative(target, &generator)
            }
        }
    }

    private func times(_ generator: inout SeededGenerator) -> [Int64] {
        let gap = Int(generator.next() % UInt64(Self.samplesMax))
        let length = Int(generator.next() % 40)
        return (0..<Self.samplesMax).compactMap { index in
            let jitter = Int64(generator.next() % 800) + 101
            return index >= gap && index < gap + length ? nil : Self.startMs + Int64(index) * Self.intervalMs + jitter
        }
    }

    private mutating func add(
        _ name: String, _ labels: [(String, String)], _ generator: inout SeededGenerator,
        _ values: (inout SeededGenerator) -> (inout SeededGenerator) -> Double
    ) {
        let next = values(&generator)
        let samples = times(&generator).map { (timestampMs: $0, value: next(&generator)) }
        add(name, labels, endingAtGap(samples, &generator))
    }

    private mutating func add(
        _ name: String, _ labels: [(String, String)], _ samples: [(timestampMs: Int64, value: Double)]
    ) {
        series.append(RemoteWriteBody.Series(labels: Labels([("__name__", name)] + labels), floats: samples))
    }

    /// Half of the series are told to have ended where their gap begins.
    private func endingAtGap(
        _ samples: [(timestampMs: Int64, value: Double)], _ generator: inout SeededGenerator
    ) -> [(timestampMs: Int64, value: Double)] {
        let isMarked = generator.next() % 2 == 0
        let gap = samples.indices.dropFirst().first {
            samples[$0].timestampMs - samples[$0 - 1].timestampMs > 2 * Self.intervalMs
        }
        guard isMarked, let gap else { return samples }
        var marked = samples
        let time = samples[gap - 1].timestampMs + Self.intervalMs
        marked.insert((time, Double(bitPattern: StaleMarker.bits)), at: gap)
        return marked
    }

    /// A counter high above its increments, so that it is never extrapolated down to zero, with one reset.
    private func counter(_ generator: inout SeededGenerator) -> (inout SeededGenerator) -> Double {
        var value = 1e6 + Double(generator.next() % 1000)
        let reset = Int(generator.next() % 600)
        var index = 0
        return { generator in
            index += 1
            value += Double(generator.next() % 6000) / 100
            if index == reset { value = 1e5 }
            return value
        }
    }

    private func gauge(_ generator: inout SeededGenerator) -> (inout SeededGenerator) -> Double {
        var value = Double(generator.next() % 1000) / 10
        return { generator in
            value += (Double(generator.next() % 2001) - 1000) / 137
            return value
        }
    }

    /// Values that are no finite numbers among others.
    private func odd(_ generator: inout SeededGenerator) -> (inout SeededGenerator) -> Double {
        { generator in
            switch generator.next() % 10 {
            case 0: .nan
            case 1: .infinity
            case 2: -.infinity
            case 3: -0.0
            default: Double(generator.next() % 1000) / 8
            }
        }
    }

    private mutating func addBuckets(_ target: [(String, String)], _ generator: inout SeededGenerator) {
        let bounds = ["0.1", "0.5", "1", "5", "+Inf"]
        var counts = [Double](repeating: 1e5, count: bounds.count)
        let times = times(&generator)
        var samples = [[(timestampMs: Int64, value: Double)]](repeating: [], count: bounds.count)
        for time in times {
            var added = 0.0
            for index in bounds.indices {
                added += Double(generator.next() % 20)
                counts[index] += added
                samples[index].append((time, counts[index]))
            }
        }
        for (bound, samples) in zip(bounds, samples) {
            add("latency_bucket", target + [("le", bound)], samples)
        }
    }

    /// Native histograms whose counts are high above their increments, with one reset.
    private mutating func addNative(_ target: [(String, String)], _ generator: inout SeededGenerator) {
        var counts: [UInt64] = [100_000, 0, 120_000, 80_000, 0, 60_000]
        var sum = 4e5
        let reset = Int(generator.next() % 600)
        var one = RemoteWriteBody.Series(labels: Labels([("__name__", "spread")] + target))
        for (index, time) in times(&generator).enumerated() {
            if index == reset { (counts, sum) = (counts.map { $0 / 2 }, sum / 2) }
            for bucket in counts.indices where bucket != 1 {
                let more = generator.next() % 20
                counts[bucket] += more
                sum += Double(more) * Double(bucket + 1) / 8
            }
            let histogram = NativeHistogram(
                schema: 2, counterResetHint: .unknown, zeroThreshold: 0.001, sum: sum,
                counts: .integer(count: counts.reduce(9, +), zero: 9, positive: counts, negative: []),
                positiveSpans: [.init(offset: -2, length: 4), .init(offset: 3, length: 2)])
            one.histograms.append((time, histogram))
        }
        series.append(one)
    }

    func store() throws -> MemoryMetricStore {
        var batch = SampleBatch()
        for one in series {
            batch.append(one.labels, one.floats)
            let first = batch.histograms.count
            batch.histograms += one.histograms.map { .init(timestampMs: $0.timestampMs, value: $0.value) }
            batch.series[batch.series.count - 1].histograms = first..<batch.histograms.count
        }
        let store = MemoryMetricStore()
        _ = try store.append(&batch)
        return store
    }

    /// Bodies of remote_write in the order of time, as a server of the present takes them.
    func writeBodies() throws -> [[UInt8]] {
        let pieceMs: Int64 = 1_200_000
        let end = Self.startMs + Int64(Self.samplesMax) * Self.intervalMs
        return try stride(from: Self.startMs, to: end, by: Int(pieceMs)).map { start in
            let times = start..<start + pieceMs
            return try RemoteWriteBody.make(
                series.map { one in
                    RemoteWriteBody.Series(
                        labels: one.labels, floats: one.floats.filter { times.contains($0.timestampMs) },
                        histograms: one.histograms.filter { times.contains($0.timestampMs) })
                })
        }
    }
}

import Encoding
import Model
import TestSupport

/// Series for comparing engines: counters with a reset, gauges with gaps, classic histograms, an info metric. No
/// sample lies on a whole second, so that ranges open or closed at their start give the same.
struct DifferentialData {
    static let startMs: Int64 = 1_699_999_200_000
    static let intervalMs: Int64 = 15_000
    static let samplesMax = 360

    private(set) var series: [(labels: Labels, samples: [(timestampMs: Int64, value: Double)])] = []

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
        series.append((Labels([("__name__", name)] + labels), samples))
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

    /// Values that are no finite numbers among others; stale markers and native histograms have no form in OpenMetrics.
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
            series.append((Labels([("__name__", "latency_bucket"), ("le", bound)] + target), samples))
        }
    }

    func store() throws -> MemoryMetricStore {
        var batch = SampleBatch()
        for one in series { batch.append(one.labels, one.samples) }
        let store = MemoryMetricStore()
        _ = try store.append(&batch)
        return store
    }

    var openMetrics: String {
        var text = ""
        for one in series.sorted(by: { $0.labels < $1.labels }) {
            let name = one.labels[Labels.metricName]
            let labels = one.labels.pairs.filter { $0.name != Labels.metricName }
                .map { "\($0.name)=\(Quoted.text($0.value))" }.joined(separator: ",")
            for sample in one.samples {
                let seconds = FloatText.fixed(Double(sample.timestampMs) / 1000, decimals: 3)
                text += "\(name){\(labels)} \(FloatText.general(sample.value)) \(seconds)\n"
            }
        }
        return text + "# EOF\n"
    }
}

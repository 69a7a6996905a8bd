import Posix
import Synchronization

/// Which buckets a histogram keeps.
package struct HistogramBuckets: Sendable {
    /// Upper bounds in the shown unit, growing, without +Inf; empty for none.
    package let bounds: [Double]
    /// The resolution of the exponential buckets, 0 (powers of two) to 8; nil for none.
    package let nativeSchema: Int?

    package init(bounds: [Double], nativeSchema: Int? = nil) {
        precondition(bounds.count <= 64, "BUG: a classic histogram has at most 64 buckets")
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy(<), "BUG: the bounds of a histogram must grow")
        precondition(bounds.allSatisfy { $0.isFinite }, "BUG: +Inf is added to the bounds of a histogram by itself")
        self.bounds = bounds
        self.nativeSchema = nativeSchema
    }

    /// 1 ms to 10 s: what people wait for.
    package static let latency = HistogramBuckets(
        bounds: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])

    /// 256 bytes to 64 MB in steps of four.
    package static let sizes = HistogramBuckets(bounds: (4...13).map { Double(1 << (2 * $0)) })

    /// Exponential buckets only, each 9 % wider than the one before.
    package static let native = HistogramBuckets(bounds: [], nativeSchema: 3)
}

/// A distribution of integers: nanoseconds (shown as seconds), bytes or counts.
///
/// `observe` is a short search and one atomic addition each for the bucket, the sum and the exponential bucket.
package final class Histogram: Metric {
    private let unit: MetricUnit
    private let time: any TimeSource
    private let buckets: HistogramBuckets
    /// The bounds as the largest raw integer that falls into each bucket.
    private let limits: [Int]
    private let counts: AtomicCells
    private let sum = Atomic<Int>(0)
    private let native: NativeBuckets?
    private let exemplars: Lock<[Exemplar?]>

    init(_ buckets: HistogramBuckets, unit: MetricUnit, time: any TimeSource) {
        self.unit = unit
        self.time = time
        self.buckets = buckets
        limits = buckets.bounds.map { Int(unit == .seconds ? ($0 * 1_000_000_000).rounded() : $0.rounded(.down)) }
        counts = AtomicCells(count: buckets.bounds.count + 1)
        native = buckets.nativeSchema.map(NativeBuckets.init)
        exemplars = Lock([])
    }

    /// Takes a raw value; a negative one (a clock that was set back) counts as zero.
    package func observe(_ value: Int) {
        let value = max(value, 0)
        counts.add(1, at: bucket(of: value))
        sum.wrappingAdd(value, ordering: .relaxed)
        native?.add(unit.shown(Double(value)))
    }

    /// Observes and keeps the trace as the bucket's exemplar. It takes a lock: for sampled requests only.
    package func observe(_ value: Int, exemplarOf trace: TraceContext) {
        observe(value)
        let value = max(value, 0)
        let index = bucket(of: value)
        let example = Exemplar(
            labels: trace.exemplarLabels, value: unit.shown(Double(value)), wallMs: time.wallMs)
        let count = counts.count
        exemplars.withLock { kept in
            if kept.isEmpty { kept = Array(repeating: nil, count: count) }
            kept[index] = example
        }
    }

    private func bucket(of value: Int) -> Int {
        var low = 0
        var high = limits.count
        while low < high {
            let middle = (low + high) / 2
            if limits[middle] >= value { high = middle } else { low = middle + 1 }
        }
        return low
    }

    package var reading: MetricReading {
        // The sum is read first: it may lag behind the counts, but never holds what they do not.
        let total = unit.shown(Double(sum.load(ordering: .relaxed)))
        var cumulative: UInt64 = 0
        let kept = exemplars.withLock { $0 }
        var rows: [HistogramReading.Bucket] = []
        rows.reserveCapacity(counts.count)
        for index in 0..<counts.count {
            cumulative += counts.load(index)
            rows.append(
                HistogramReading.Bucket(
                    upperBound: index < buckets.bounds.count ? buckets.bounds[index] : .infinity,
                    cumulativeCount: cumulative, exemplar: kept.isEmpty ? nil : kept[index]))
        }
        return .histogram(
            HistogramReading(buckets: rows, sum: total, count: cumulative, native: native?.reading))
    }
}

/// What a histogram holds at one moment.
package struct HistogramReading: Sendable {
    /// A classic bucket: how many values are at most `upperBound`.
    package struct Bucket: Sendable {
        package let upperBound: Double
        package let cumulativeCount: UInt64
        package let exemplar: Exemplar?
    }

    /// Ends with the bucket of +Inf.
    package let buckets: [Bucket]
    package let sum: Double
    package let count: UInt64
    package let native: NativeReading?
}

import Glibc
import Posix
import TestSupport
import Testing

@testable import Telemetry

@Suite struct HistogramTests {
    /// What a histogram should hold, counted the slow way.
    private func bruteForce(_ values: [Int], bounds: [Double]) -> [UInt64] {
        (bounds + [.infinity]).map { bound in
            UInt64(values.count { Double($0) / 1_000_000_000 <= bound })
        }
    }

    private func reading(_ histogram: Histogram) -> HistogramReading {
        guard case .histogram(let reading) = histogram.reading else { fatalError("not a histogram") }
        return reading
    }

    @Test func countsEachValueIntoTheBucketThatHoldsIt() {
        var random = SeededGenerator(seed: 7)
        let histogram = Registry().histogram("a_seconds", "", unit: .seconds, buckets: .latency)
        let edges = HistogramBuckets.latency.bounds.flatMap { bound -> [Int] in
            let exact = Int((bound * 1_000_000_000).rounded())
            return [exact - 1, exact, exact + 1]
        }
        let values = edges + (0..<5_000).map { _ in Int.random(in: 0...20_000_000_000, using: &random) } + [0]
        for value in values { histogram.observe(value) }

        let reading = reading(histogram)
        #expect(reading.buckets.map(\.cumulativeCount) == bruteForce(values, bounds: HistogramBuckets.latency.bounds))
        #expect(reading.count == UInt64(values.count))
        #expect(reading.sum == Double(values.reduce(0, +)) / 1_000_000_000)
    }

    @Test func aNegativeValueCountsAsZero() {
        let histogram = Registry().histogram("a", "", buckets: HistogramBuckets(bounds: [0, 1]))
        histogram.observe(-5)
        #expect(reading(histogram).buckets.map(\.cumulativeCount) == [1, 1, 1])
        #expect(reading(histogram).sum == 0)
    }

    /// Bucket i of schema s ends at 2^(i/2^s): the definition, searched upwards from below.
    @Test(arguments: [0, 1, 3, 8]) func nativeBucketsFollowTheirDefinition(schema: Int) {
        var random = SeededGenerator(seed: UInt64(schema) + 11)
        let base = pow(2.0, pow(2.0, -Double(schema)))
        for _ in 0..<300 {
            let value = max(1, Int.random(in: 0...Int.max, using: &random) >> Int.random(in: 0...62, using: &random))
            let shown = Double(value) / 1_000_000_000
            let buckets = NativeBuckets(schema: schema)
            buckets.add(shown)
            let index = buckets.reading.buckets[0].index
            let upper = pow(base, Double(index))
            let lower = pow(base, Double(index - 1))
            #expect(shown <= upper * (1 + 1e-12) && shown > lower * (1 - 1e-12), "seed \(random.seed), \(value)")
        }
    }

    @Test(arguments: [0, 3]) func anExactPowerOfTwoIsTheLastOfItsBucket(schema: Int) {
        for exponent in -3...62 {
            let buckets = NativeBuckets(schema: schema)
            buckets.add(pow(2.0, Double(exponent)))
            #expect(buckets.reading.buckets == [NativeReading.Bucket(index: exponent << schema, count: 1)])
        }
    }

    @Test func zeroHasABucketOfItsOwn() {
        let buckets = NativeBuckets(schema: 3)
        buckets.add(0)
        #expect(buckets.reading.zeroCount == 1)
        #expect(buckets.reading.buckets.isEmpty)
    }

    @Test func tooManyBucketsAreShownCoarserWithoutLosingACount() {
        let buckets = NativeBuckets(schema: 8)
        let values = (1...2_000).map { Double($0) * 0.37 }
        for value in values { buckets.add(value) }
        let reading = buckets.reading
        #expect(reading.buckets.count <= NativeBuckets.shownBucketsMax)
        #expect(reading.buckets.reduce(0) { $0 + $1.count } == 2_000)
        let base = pow(2.0, pow(2.0, -Double(reading.schema)))
        for bucket in reading.buckets {
            let upper = pow(base, Double(bucket.index))
            let lower = pow(base, Double(bucket.index - 1))
            #expect(values.count { $0 > lower && $0 <= upper } == Int(bucket.count))
        }
    }

    @Test func threadsLoseNoObservation() throws {
        let histogram = Registry().histogram("a", "", buckets: HistogramBuckets(bounds: [10, 20], nativeSchema: 3))
        let threads = try (0..<4).map { number in
            try OwnedThread(name: "observe-\(number)") {
                for value in 0..<10_000 { histogram.observe(value % 30) }
            }
        }
        for thread in threads { thread.join() }
        let reading = reading(histogram)
        #expect(reading.count == 40_000)
        #expect(reading.sum == 4 * Double((0..<10_000).reduce(0) { $0 + $1 % 30 }))
        let native = reading.native!
        #expect(native.zeroCount + native.buckets.reduce(0) { $0 + $1.count } == 40_000)
    }
}

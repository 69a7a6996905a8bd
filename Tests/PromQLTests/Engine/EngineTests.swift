import Model
import Posix
import PromQL
import Storage
import TestSupport
import Testing

@Suite struct EngineTests {
    /// 60 series of five groups with a sample each minute for an hour, from a seed.
    static func store() throws -> MemoryMetricStore {
        var generator = SeededGenerator(seed: 7)
        var batch = SampleBatch()
        for series in 0..<60 {
            var value = 0.0
            var samples: [(timestampMs: Int64, value: Double)] = []
            for index in 0..<60 {
                value += Double(generator.next() % 1000) / 7
                samples.append((Int64(index) * 60_000 + 3, value))
            }
            let labels = Labels([("__name__", "requests_total"), ("group", "\(series % 5)"), ("series", "\(series)")])
            batch.append(labels, samples)
        }
        let store = MemoryMetricStore()
        _ = try store.append(&batch)
        return store
    }

    static func run(
        _ query: String, _ store: MemoryMetricStore, helpers: Int = 0, _ options: EngineOptions = EngineOptions(),
        cancellation: Cancellation = Cancellation(), clock: any TimeSource = SystemTime()
    ) throws -> QueryResult {
        let workers = try Workers(helpers: helpers)
        defer { workers.stop() }
        var options = options
        if helpers > 0 { options.helpFrom = 0 }
        let engine = Engine(store: store, workers: workers, options: options, clock: clock)
        return try engine.range(
            try Parser.parse(query), startMs: 600_000, endMs: 3_600_000, stepMs: 15_000, cancellation: cancellation)
    }

    @Test(arguments: [
        "sum by (group) (rate(requests_total[5m]))", "avg(requests_total)", "stddev by (group) (requests_total)",
        "max(requests_total) - min(requests_total)", "count(requests_total > 500)", "requests_total % 7",
    ])
    func severalThreadsGiveWhatOneGives(query: String) throws {
        let store = try Self.store()
        let alone = try Self.run(query, store)
        let helped = try Self.run(query, store, helpers: 3)
        guard case .matrix(let one) = alone.value, case .matrix(let many) = helped.value else {
            Issue.record("no matrices")
            return
        }
        #expect(one.count == many.count && one.count > 0)
        for row in 0..<one.count {
            #expect(one.labels.labels(row) == many.labels.labels(row))
            for (a, b) in zip(one.values[one.cells(row)], many.values[many.cells(row)]) {
                #expect(Nearness.areEqual(a, b, tolerance: 1e-12))
            }
        }
    }

    /// As in Prometheus, up to 3.x: of the samples that an offset means, those within the lookback of `@` itself.
    @Test(arguments: [
        ("@ 600", 540.003 as Double?), ("@ 600 offset 2m", 420.003), ("@ 600 offset -2m", 540.003),
        ("@ 600 offset -4m", 540.003), ("@ 600 offset -5m", nil), ("@ 600 offset 6m", nil),
    ])
    func theTimeOfASampleAtAFixedInstant(modifiers: String, seconds: Double?) throws {
        let result = try Self.run("timestamp(requests_total{series=\"1\"} \(modifiers))", try Self.store())
        guard case .matrix(let frame) = result.value else {
            Issue.record("no matrix")
            return
        }
        #expect(frame.count == (seconds == nil ? 0 : 1))
        if let seconds { #expect(frame.values[frame.cells(0)].allSatisfy { $0 == seconds }) }
    }

    @Test func aRepeatedRunGivesTheSameBits() throws {
        let store = try Self.store()
        let query = "sum by (group) (rate(requests_total[5m]))"
        let first = try Self.run(query, store, helpers: 3)
        for _ in 0..<5 {
            let again = try Self.run(query, store, helpers: 3)
            guard case .matrix(let a) = first.value, case .matrix(let b) = again.value else { return }
            #expect(a.values.map(\.bitPattern) == b.values.map(\.bitPattern))
        }
    }

    @Test(arguments: ["1 </ 2", "requests_total > (2 >/ scalar(requests_total))"])
    func aTrimOfANumberIsRefused(query: String) throws {
        let error = #expect(throws: QueryError.self) { try Self.run(query, try Self.store()) }
        #expect(error?.message.contains("not allowed for Scalar operations") == true)
    }

    /// As a stock Prometheus does: a sign and functions of ranges work series by series.
    @Test(arguments: [
        ("-{x=\"1\"}", true), ("rate({x=\"1\"}[5m])", true), ("abs({x=\"1\"})", false), ("{x=\"1\"} + 1", false),
    ])
    func seriesThatAreTheSameWithoutTheirNames(query: String, isRefused: Bool) throws {
        var batch = SampleBatch()
        for (name, first) in [("a", 0), ("b", 30)] {
            let samples = (first..<first + 10).map { (timestampMs: Int64($0) * 60_000, value: Double($0)) }
            batch.append(Labels([("__name__", name), ("x", "1")]), samples)
        }
        let store = MemoryMetricStore()
        _ = try store.append(&batch)
        var options = EngineOptions()
        options.features = .stock
        let engine = Engine(store: store, workers: try Workers(helpers: 0), options: options)
        let expression = try Parser.parse(query, features: .stock)
        do throws(QueryError) {
            let result = try engine.range(expression, startMs: 0, endMs: 3_600_000, stepMs: 60_000)
            guard case .matrix(let frame) = result.value else { return }
            #expect(!isRefused && frame.count == 1)
        } catch {
            #expect(isRefused && error.message == "vector cannot contain metrics with the same labelset")
        }
    }

    @Test func aQueryBeyondItsSamplesIsRefusedWithTheLimit() throws {
        var options = EngineOptions()
        options.samplesMax = 1000
        let error = #expect(throws: QueryError.self) {
            try Self.run("requests_total", try Self.store(), helpers: 0, options)
        }
        #expect(error?.kind == .limit)
        #expect(error?.message.contains("1000") == true)
    }

    @Test func aQueryThatNobodyWaitsForEnds() throws {
        let cancellation = Cancellation()
        cancellation.raise()
        let error = #expect(throws: QueryError.self) {
            try Self.run("requests_total", try Self.store(), cancellation: cancellation)
        }
        #expect(error?.kind == .cancelled)
    }

    @Test func aQueryThatTakesTooLongEnds() throws {
        var options = EngineOptions()
        options.timeoutMs = -1
        let error = #expect(throws: QueryError.self) {
            try Self.run("requests_total", try Self.store(), helpers: 0, options)
        }
        #expect(error?.kind == .timeout)
    }

    /// One series with millions of visits between what else is looked at.
    @Test(arguments: [
        "mad_over_time", "stddev_over_time", "sum_over_time", "quantile_over_time", "deriv", "ts_of_max_over_time",
        "rate",
    ])
    func aQueryThatTakesTooLongWithinOneSeriesEnds(function: String) throws {
        let clock = HastyTime()
        var options = EngineOptions()
        options.timeoutMs = 15_000
        let engine = Engine(store: try Self.store(), workers: try Workers(helpers: 0), options: options, clock: clock)
        // Infinite values cannot slide through sums and lines; a counter that begins anew all the time has many resets.
        let inner = "(vector(time() % 2)\(function == "rate" ? "" : " / 0"))[20000s:1s]"
        let call = function == "quantile_over_time" ? "\(function)(0.5, \(inner))" : "\(function)(\(inner))"
        let error = #expect(throws: QueryError.self) {
            try engine.instant(Parser.parse("max_over_time(\(call)[20000s:1s])"), atMs: 3_600_000)
        }
        #expect(error?.kind == .timeout)
    }

    @Test func whatOccursTwiceIsReadOnce() throws {
        let store = try Self.store()
        let once = try Self.run("sum(rate(requests_total[5m]))", store)
        let twice = try Self.run("sum(rate(requests_total[5m])) / sum(rate(requests_total[5m]))", store)
        #expect(twice.statistics.samplesRead == once.statistics.samplesRead)
    }

    @Test func stockPrometheusDropsNamesAtOnce() throws {
        var options = EngineOptions()
        options.features = .stock
        let store = try Self.store()
        let query = "count by (__name__) (rate(requests_total[5m]))"
        guard case .matrix(let stock) = try Self.run(query, store, helpers: 0, options).value,
            case .matrix(let delayed) = try Self.run("topk(1, \(query))", store).value
        else { return }
        #expect(stock.labels.labels(0) == Labels.empty)
        #expect(delayed.labels.labels(0) == Labels.empty)
    }
}

/// A clock by which each look at it takes a second.
private final class HastyTime: TimeSource {
    private let looks = Lock<Int64>(0)

    var wallNs: Int64 { 0 }
    var monotonicNs: Int64 {
        looks.withLock {
            $0 += 1
            return $0 * 1_000_000_000
        }
    }
}

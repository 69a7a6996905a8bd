import Model
import Posix
import PromQL
import Storage
import Telemetry
import TestSupport
import Testing

/// What comes through the cache is what comes without it, whatever was asked before and whatever came to the store.
@Suite struct RangeCacheTests {
    private static let stepMs: Int64 = 30_000

    /// Asks as the server does.
    private struct Asker {
        let engine: Engine
        let cache: RangeCache
        let registry: Registry

        init(_ store: MemoryMetricStore, limitBytes: Int = 1 << 20) throws {
            engine = Engine(store: store, workers: try Workers(helpers: 0))
            registry = Registry()
            cache = RangeCache(limitBytes: limitBytes, registry: registry)
        }

        func direct(_ query: String, _ startMs: Int64, _ endMs: Int64) throws -> QueryResult {
            try engine.range(try Parser.parse(query), startMs: startMs, endMs: endMs, stepMs: stepMs)
        }

        func cached(
            _ query: String, _ startMs: Int64, _ endMs: Int64, _ mark: SettledMark
        ) throws -> (result: QueryResult, evaluatedFromMs: Int64?) {
            let expression = try Parser.parse(query)
            guard
                let visit = cache.visit(
                    expression, query, startMs: startMs, endMs: endMs, stepMs: stepMs, lookbackMs: 300_000, mark)
            else { return (try direct(query, startMs, endMs), nil) }
            let missing = try engine.range(
                expression, startMs: visit.missingStartMs, endMs: endMs, stepMs: stepMs)
            return (visit.complete(missing), visit.missingStartMs)
        }
    }

    private static func cells(_ result: QueryResult) -> [String: String] {
        guard case .matrix(let frame) = result.value else { return [:] }
        var cells: [String: String] = [:]
        for row in 0..<frame.count {
            for step in 0..<frame.grid.count {
                guard let point = frame.point(row, step) else { continue }
                cells["\(frame.labels.labels(row).text) \(frame.grid.timeMs(step))"] = "\(point)"
            }
        }
        return cells
    }

    @Test(arguments: [
        "requests_total", "sum by (job) (rate(requests_total[2m]))", "temperature offset 1m", "native", "mixed",
        "histogram_quantile(0.9, native)", "max_over_time(temperature[5m:20s])", "topk(2, odd)", "absent(nope)",
        "temperature > 10 or odd",
    ])
    func aWindowThatMovesOnGivesWhatAskingAnewGives(query: String) throws {
        let asker = try Asker(try OddSeries(seed: 5, samples: 80).store())
        let start = OddSeries.startMs
        for turn in 0..<12 {
            let from = start + Int64(turn) * Self.stepMs
            let to = from + 20 * Self.stepMs
            let mark = SettledMark(epoch: 1, untilMs: to - 4 * Self.stepMs)
            let (result, evaluatedFrom) = try asker.cached(query, from, to, mark)
            #expect(try Self.cells(result) == Self.cells(asker.direct(query, from, to)), "turn \(turn)")
            let (expectedFrom) = turn == 0 ? from : to - 4 * Self.stepMs
            #expect(evaluatedFrom == expectedFrom, "turn \(turn): what is settled is not evaluated again")
        }
    }

    @Test func aSampleThatComesLateMakesWhatIsKeptVoid() throws {
        let store = try OddSeries(seed: 5, samples: 80).store()
        let asker = try Asker(store)
        let (start, end) = (OddSeries.startMs, OddSeries.startMs + 20 * Self.stepMs)
        var mark = SettledMark(epoch: 1, untilMs: end)
        let before = try asker.cached("sum(requests_total)", start, end, mark)
        var batch = SampleBatch()
        batch.append(Labels([("__name__", "requests_total"), ("late", "1")]), [(start + 1, 1e9)])
        _ = try store.append(&batch)
        mark.epoch += 1
        let after = try asker.cached("sum(requests_total)", start, end, mark)
        #expect(after.evaluatedFromMs == start)
        #expect(Self.cells(after.result) != Self.cells(before.result))
        #expect(try Self.cells(after.result) == Self.cells(asker.direct("sum(requests_total)", start, end)))
    }

    @Test(arguments: [
        "requests_total @ end()", "requests_total offset -1m", "vector(end())", "rate(requests_total[2m] smoothed)",
        "sum(requests_total @ 1700000000)", "rate(requests_total[range()])",
    ])
    func whatDependsOnMoreThanTheInstantAndItsPastIsNotKept(query: String) throws {
        let asker = try Asker(try OddSeries(seed: 5, samples: 20).store())
        let mark = SettledMark(epoch: 1, untilMs: .max)
        let start = OddSeries.startMs
        #expect(try asker.cached(query, start, start + 600_000, mark).evaluatedFromMs == nil)
    }

    @Test func whatIsKeptStaysWithinItsBytes() throws {
        let asker = try Asker(try OddSeries(seed: 5, samples: 80).store(), limitBytes: 20_000)
        let mark = SettledMark(epoch: 1, untilMs: .max)
        let start = OddSeries.startMs
        for index in 0..<60 {
            _ = try asker.cached("sum by (job) (requests_total) + \(index)", start, start + 600_000, mark)
        }
        let bytes = asker.registry.families.first { $0.name == "obs_query_cache_bytes" }
        guard case .number(let held, _)? = bytes?.points.first?.reading else {
            Issue.record("no obs_query_cache_bytes")
            return
        }
        #expect(held > 0)
        #expect(held <= 20_000)
        let again = try asker.cached("sum by (job) (requests_total) + 0", start, start + 600_000, mark)
        #expect(again.evaluatedFromMs == start, "the oldest has gone")
    }
}

import Model
import Posix
import PromQL
import Storage
import TestSupport
import Testing

/// What a query may hold, and what becomes of it beyond.
@Suite struct QueryLimitsTests {
    private static let stepMs = OddSeries.intervalMs

    private static func engine(
        _ memory: QueryMemory? = nil, _ change: (inout EngineOptions) -> Void = { _ in }
    ) throws -> Engine {
        var options = EngineOptions()
        change(&options)
        return Engine(
            store: try OddSeries(seed: 7, samples: 60).store(), workers: try Workers(helpers: 0), options: options,
            memory: memory)
    }

    private static func range(_ engine: Engine, _ query: String, stepMs: Int64 = stepMs) throws -> QueryResult {
        try engine.range(
            try Parser.parse(query), startMs: OddSeries.startMs, endMs: OddSeries.startMs + 60 * OddSeries.intervalMs,
            stepMs: stepMs)
    }

    private func refusal(_ body: () throws -> QueryResult) -> QueryError? {
        #expect(throws: QueryError.self) { _ = try body() }
    }

    @Test(arguments: [
        #"{__name__=~".+"}"#, "requests_total[10m]", "sum by (code, instance, job) (rate(requests_total[5m]))",
        "requests_total * on(job, instance, code) requests_total", "sum_over_time(temperature[2m:1s])",
        "count_values(\"v\", temperature)", "topk(3, odd) or temperature", "quantile by (job, instance) (0.5, odd)",
    ])
    func aQueryBeyondItsMemoryFailsWithASentenceAndGivesEverythingBack(query: String) throws {
        let memory = QueryMemory(limitBytes: 1 << 30)
        let engine = try Self.engine(memory) { $0.memoryMaxBytes = 6_000 }
        let error =
            query.hasSuffix("]")
            ? refusal { try engine.instant(try Parser.parse(query), atMs: OddSeries.startMs + 600_000) }
            : refusal { try Self.range(engine, query, stepMs: 1000) }
        #expect(error?.kind == .limit)
        #expect(error?.message.contains("raise queries.memory_max in the configuration") == true)
        #expect(memory.heldBytes == 0)
    }

    @Test func theSameQueriesRunWhereThereIsRoom() throws {
        let memory = QueryMemory(limitBytes: 64 << 20)
        let engine = try Self.engine(memory) { $0.memoryMaxBytes = 32 << 20 }
        let result = try Self.range(engine, #"sum by (__name__) ({__name__=~".+"})"#)
        #expect(result.statistics.bytesPeak > 0)
        #expect(result.statistics.bytesPeak < 32 << 20)
    }

    @Test func aResultHoldsItsMemoryUntilItIsDropped() throws {
        let memory = QueryMemory(limitBytes: 64 << 20)
        let engine = try Self.engine(memory)
        var result: QueryResult? = try Self.range(engine, "requests_total", stepMs: 100)
        let held = memory.heldBytes
        #expect(held >= 12 * 9000 * 8, "12 series of 9,001 cells are \(held) bytes")
        #expect(result != nil)
        result = nil
        #expect(memory.heldBytes == 0)
    }

    @Test func queriesTogetherHoldNoMoreThanTheProcessMay() throws {
        let memory = QueryMemory(limitBytes: 12 << 20)
        let engine = try Self.engine(memory)
        // 12 rows of 18,001 cells, and a copy while they are made, are some 4 MB.
        var kept: [QueryResult] = []
        var failure: QueryError?
        while failure == nil, kept.count < 10 {
            do {
                kept.append(try Self.range(engine, "requests_total", stepMs: 50))
            } catch {
                failure = error as? QueryError
            }
        }
        #expect(failure?.kind == .limit)
        #expect(failure?.message.contains("raise --memory") == true)
        #expect(!kept.isEmpty)
        #expect(try Self.range(engine, "sum(requests_total)").statistics.samplesRead > 0, "a small one has its share")
    }

    @Test(arguments: [true, false])
    func queriesOfOnePrincipalHoldNoMoreThanItMay(isOfMemory: Bool) throws {
        var limits = PrincipalShare.Limits()
        if isOfMemory { limits.memoryMaxBytes = 12 << 20 } else { limits.samplesMax = 1_000_000 }
        let running = RunningQueries(perPrincipalMax: 100, shareLimits: limits, time: ManualTime())
        let memory = QueryMemory(limitBytes: 1 << 30)
        let engine = try Self.engine(memory)
        func ask(_ principal: String) throws -> QueryResult {
            let question = RunningQueries.Question(query: "", principal: principal, startMs: 0, endMs: 0, stepMs: 0)
            let entry = try #require(running.begin(question))
            return try engine.prepareRange(
                try Parser.parse("requests_total"), startMs: OddSeries.startMs, endMs: OddSeries.startMs + 900_000,
                stepMs: 50, entry.progress
            ).run()
        }
        // 12 rows of 18,001 cells, and a copy while they are made, are some 4 MB.
        var kept: [QueryResult] = []
        var failure: QueryError?
        while failure == nil, kept.count < 10 {
            do {
                kept.append(try ask("a"))
            } catch {
                failure = error as? QueryError
            }
        }
        #expect(!kept.isEmpty)
        #expect(failure?.kind == .limit)
        let key = isOfMemory ? "queries.memory_per_principal_max" : "queries.samples_per_principal_max"
        #expect(failure?.message.contains("raise \(key)") == true, "\(failure?.message ?? "")")
        #expect(try ask("b").statistics.samplesRead > 0, "others have a share of their own")
        kept = []
        #expect(memory.heldBytes == 0)
        #expect(try ask("a").statistics.samplesRead > 0, "what was given back is there again")
    }

    @Test func aSubqueryOfTooManyInstantsIsRefusedBeforeItRuns() throws {
        let engine = try Self.engine { $0.memoryMaxBytes = 1 << 20 }
        for query in ["max_over_time(vector(time())[1000d:1ms])", "sum(sum_over_time(requests_total[100y:1ms]))"] {
            let error = refusal { try engine.instant(try Parser.parse(query), atMs: OddSeries.startMs) }
            #expect(error?.kind == .limit, "\(query)")
        }
    }

    @Test func whatIsEstimatedFarBeyondItsMemoryIsNotTried() throws {
        let engine = try Self.engine { $0.memoryMaxBytes = 100_000 }
        let progress = QueryProgress()
        #expect(throws: QueryError.self) {
            _ = try engine.prepareRange(
                try Parser.parse("requests_total"), startMs: OddSeries.startMs, endMs: OddSeries.startMs + 900_000,
                stepMs: 100, progress)
        }
        #expect(progress.samplesRead == 0)
    }

    @Test func tooManySamplesAreRefusedInPrometheusWords() throws {
        let engine = try Self.engine { $0.samplesMax = 100 }
        let error = refusal { try Self.range(engine, "requests_total") }
        #expect(
            error?.message.hasPrefix(
                "query processing would load too many samples into memory in query execution") == true)
    }

    @Test func costGrowsWithSamplesCellsAndSeries() throws {
        let engine = try Self.engine()
        func cost(_ query: String, stepMs: Int64) throws -> Int {
            try engine.prepareRange(
                try Parser.parse(query), startMs: OddSeries.startMs, endMs: OddSeries.startMs + 900_000,
                stepMs: stepMs, QueryProgress()
            ).cost
        }
        let one = try cost("requests_total{job=\"api\",instance=\"1\",code=\"200\"}", stepMs: 60_000)
        let all = try cost("{__name__=~\".+\"}", stepMs: 60_000)
        let fine = try cost("{__name__=~\".+\"}", stepMs: 1_000)
        #expect(one < all)
        #expect(all < fine)
        #expect(try cost("vector(1)", stepMs: 60_000) == 0)
    }
}

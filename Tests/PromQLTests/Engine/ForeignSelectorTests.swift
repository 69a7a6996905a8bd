import Model
import Posix
import PromQL
import Storage
import TestSupport
import Testing

/// `logs("...")`, whose other side here is a series that has the second of each instant as its value.
@Suite struct ForeignSelectorTests {
    /// What the engine asked, in order.
    private final class Asked: Sendable {
        let requests = Lock<[ForeignRequest]>([])
    }

    private static func engine(_ asked: Asked, features: LanguageFeatures = .all) throws -> Engine {
        var options = EngineOptions()
        options.features = features
        return Engine(
            store: MemoryMetricStore(),
            logs: { request throws(QueryError) in
                asked.requests.withLock { $0.append(request) }
                if request.query == "broken" { throw QueryError(.execution, "it is broken") }
                var samples: [(timestampMs: Int64, value: Double)] = []
                var instant = request.startMs
                while instant <= request.endMs {
                    samples.append((instant, Double(instant) / 1000))
                    instant += request.stepMs
                }
                var batch = SampleBatch()
                batch.append(Labels([("app", request.query)]), samples)
                let store = MemoryMetricStore()
                do {
                    _ = try store.append(&batch)
                    return try store.select(
                        SelectRequest(matchers: [], startMs: request.startMs, endMs: request.endMs))
                } catch {
                    throw QueryError(.execution, "\(error)")
                }
            }, workers: try Workers(helpers: 0), options: options)
    }

    private static func values(_ text: String, _ asked: Asked = Asked()) throws -> [Double] {
        let result = try engine(asked).range(
            try Parser.parse(text), startMs: 600_000, endMs: 720_000, stepMs: 60_000)
        guard case .matrix(let frame) = result.value else { return [] }
        return frame.values
    }

    @Test(arguments: [
        (#"logs("a")"#, [600.0, 660, 720]),
        (#"logs("a") offset 1m"#, [540, 600, 660]),
        (#"logs("a") @ 30"#, [30, 30, 30]),
        (#"sum(logs("a")) + 1"#, [601, 661, 721]),
        (#"timestamp(logs("a"))"#, [600, 660, 720]),
        (#"count_over_time(logs("a")[5m])"#, [5, 5, 5]),
        (#"max_over_time(logs("a")[5m] offset 2m)"#, [480, 540, 600]),
        (#"count_over_time(logs("a")[5m:30s])"#, [10, 10, 10]),
        (#"absent(logs("a"))"#, []),
    ])
    func aSelectorOfLogsIsAVectorLikeAnyOther(text: String, expected: [Double]) throws {
        #expect(try Self.values(text) == expected)
    }

    @Test func whatIsAskedTwiceIsEvaluatedOnce() throws {
        let asked = Asked()
        #expect(try Self.values(#"logs("a") + logs("a")"#, asked) == [1200, 1320, 1440])
        let requests = asked.requests.withLock { $0 }
        #expect(requests.map(\.query) == ["a"])
        #expect(requests.first?.startMs == 600_000 && requests.first?.endMs == 720_000)
        #expect(requests.first?.stepMs == 60_000)
    }

    @Test func itsFailureNamesIt() {
        #expect(throws: QueryError(.execution, #"logs("broken"): it is broken"#)) {
            try Self.values(#"logs("broken")"#)
        }
    }

    @Test func withoutLogsTheQueryFails() throws {
        let engine = Engine(store: MemoryMetricStore(), workers: try Workers(helpers: 0))
        let expression = try Parser.parse(#"logs("a")"#)
        #expect(throws: QueryError(.execution, #"no logs are kept here, so logs("a") has nothing to ask"#)) {
            try engine.instant(expression, atMs: 0)
        }
    }

    @Test func aMetricMayStillBeCalledLogs() throws {
        #expect(try Parser.parseSelector("logs").map(\.value) == ["logs"])
        #expect(throws: ParseError.self) { try Parser.parseSelector(#"logs("a")"#) }
    }

    @Test(arguments: [
        #"logs("{app=\"x\"} |= \"y\"")"#, #"rate(logs("a")[5m:1m] offset 1m)"#, #"sum by (app) (logs("a") @ 12.000)"#,
        #"max_over_time(logs("a")[5m])"#,
    ])
    func itPrintsAsItIsWritten(text: String) throws {
        #expect(try Parser.parse(text).description == text)
    }

    @Test(arguments: [
        ("logs()", "unexpected"), ("logs(a)", "unexpected"), (#"logs("a", "b")"#, "unexpected"),
        (#"logs("a") smoothed"#, "not supported for logs()"), (#"logs("a"){b="c"}"#, "unexpected"),
    ])
    func whatIsNoLogsSelectorIsRefused(text: String, reason: String) {
        #expect {
            try Parser.parse(text)
        } throws: {
            "\($0)".contains(reason)
        }
    }

    @Test func aStockPrometheusHasNoLogs() {
        #expect(throws: ParseError.self) { try Parser.parse(#"logs("a")"#, features: .stock) }
    }
}

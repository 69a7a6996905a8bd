import Encoding
import HTTP
import Model
import Posix
import PromQL
import Storage
import Telemetry
import TestSupport
import Testing
import Web

/// Expected answers are put together by hand from Prometheus' description of its HTTP API; fractions of seconds have three
/// digits there.
struct PrometheusAPITests {
    /// A server over a store in memory, with a client.
    private final class Fixture {
        let store = MemoryMetricStore()
        private let server: Server
        private let queries: QueryService
        private let workers: Workers
        private let client: HTTPClient
        private let address: SocketAddress

        init() throws {
            let time = SystemTime()
            let registry = Registry(time: time)
            workers = try Workers(helpers: 0)
            queries = try QueryService(
                engine: Engine(store: store, workers: workers), registry: registry,
                log: Logger(LogSink(level: .error, registry: registry, time: time), component: "queries"), time: time)
            var router = Router()
            QueryAPI(queries, time: time).add(to: &router)
            SeriesAPI(store: store, pool: queries.pool).add(to: &router)
            DebugQueriesAPI(queries.running, nowNs: { time.monotonicNs }).add(to: &router)
            server = try Server(ServerOptions(), router: router, registry: registry)
            try server.start()
            address = try server.listen(on: .loopback(port: 0))
            client = HTTPClient("test", registry: registry)
        }

        deinit {
            client.stop()
            server.stop(drainingAtMostNs: 1_000_000_000)
            queries.stop()
            workers.stop()
        }

        func load(_ labels: [(name: String, value: String)], _ samples: [(timestampMs: Int64, value: Double)]) throws {
            var batch = SampleBatch()
            batch.append(Labels(labels), samples)
            let outcome = try store.append(&batch)
            #expect(outcome.acceptedSamples == samples.count)
        }

        func get(_ target: String) throws -> (status: Int, text: String) {
            let answer = try client.answer(to: ClientRequest(.get, "http://\(address)\(target)"))
            return (answer.status.rawValue, String(decoding: answer.body, as: UTF8.self))
        }

        func post(_ path: String, _ form: String) throws -> (status: Int, text: String) {
            var request = ClientRequest(.post, "http://\(address)\(path)")
            request.fields = [("Content-Type", "application/x-www-form-urlencoded")]
            request.body = Array(form.utf8)
            let answer = try client.answer(to: request)
            return (answer.status.rawValue, String(decoding: answer.body, as: UTF8.self))
        }
    }

    private func loaded() throws -> Fixture {
        let fixture = try Fixture()
        try fixture.load([("__name__", "up"), ("job", "a")], [(0, 1), (15_500, 2), (30_000, .infinity)])
        try fixture.load([("__name__", "up"), ("job", "b")], [(0, 0.5), (15_500, .nan), (30_000, -3)])
        return fixture
    }

    @Test func anInstantVectorHasTheFormOfPrometheus() throws {
        let fixture = try loaded()
        let expected = """
            {"status":"success","data":{"resultType":"vector","result":[\
            {"metric":{"__name__":"up","job":"a"},"value":[15.500,"2"]},\
            {"metric":{"__name__":"up","job":"b"},"value":[15.500,"NaN"]}]}}
            """
        let get = try fixture.get("/api/v1/query?query=up&time=15.5").text
        #expect(get == expected)
        let civil = try fixture.get("/api/v1/query?query=up&time=1970-01-01T00:00:15.5Z").text
        #expect(civil == expected)
        let post = try fixture.post("/api/v1/query", "query=up&time=15.5").text
        #expect(post == expected)
    }

    @Test func scalarsAndStringsAreTheirOwnTypes() throws {
        let fixture = try loaded()
        #expect(
            try fixture.get("/api/v1/query?query=1%2B1&time=7").text
                == #"{"status":"success","data":{"resultType":"scalar","result":[7,"2"]}}"#)
        #expect(
            try fixture.get("/api/v1/query?query=%22a%5C%22b%22&time=7").text
                == #"{"status":"success","data":{"resultType":"string","result":[7,"a\"b"]}}"#)
    }

    @Test func aRangeHasAValueForEachStep() throws {
        let fixture = try loaded()
        let expected = """
            {"status":"success","data":{"resultType":"matrix","result":[\
            {"metric":{"__name__":"up","job":"a"},"values":[[0,"1"],[15,"1"],[30,"+Inf"]]}]}}
            """
        let query = "query=up%7Bjob%3D%22a%22%7D&start=0&end=30&step=15s"
        let get = try fixture.get("/api/v1/query_range?\(query)").text
        #expect(get == expected)
        let post = try fixture.post("/api/v1/query_range", query).text
        #expect(post == expected)
    }

    @Test func howMuchWorkAResultWasIsToldWhereItIsAskedFor() throws {
        let fixture = try loaded()
        #expect(try !fixture.get("/api/v1/query?query=up&time=15.5").text.contains("stats"))
        let told = try fixture.get("/api/v1/query?query=sum(up)&time=15.5&stats=all").text
        #expect(told.contains(#""stats":{"timings":{"evalTotalTime":"#))
        #expect(
            told.contains(
                #""samples":{"totalQueryableSamplesPerStep":[[15.500,2]],"totalQueryableSamples":2,"peakSamples":"#))
        let range = "/api/v1/query_range?query=count_over_time(up%5B20s%5D)&start=0&end=30&step=15"
        let all = try fixture.get(range + "&stats=all").text
        #expect(all.contains(#""totalQueryableSamplesPerStep":[[0,2],[15,2],[30,4]],"totalQueryableSamples":8,"#))
        let totals = try fixture.get(range + "&stats=1").text
        #expect(totals.contains(#""samples":{"totalQueryableSamples":8,"#))
    }

    @Test func aLongAnswerSentInPiecesIsTheWholeAnswer() throws {
        let fixture = try Fixture()
        for index in 0..<40 {
            try fixture.load([("__name__", "wide"), ("index", "\(index)")], [(0, Double(index) / 3)])
        }
        let answer = try fixture.get("/api/v1/query_range?query=wide&start=0&end=290&step=0.4").text
        #expect(answer.utf8.count > 600_000, "more than one piece")
        let tree = try JSONValue.parse(answer.utf8.span)
        guard case .array(let series)? = tree["data"]?["result"] else {
            Issue.record("no result")
            return
        }
        #expect(series.count == 40)
        for (index, one) in series.enumerated() {
            guard case .array(let pairs)? = one["values"] else { continue }
            #expect(pairs.count == 726, "series \(index)")
        }
    }

    @Test func whatRunsIsListedAndWhatDoesNotCannotBeEnded() throws {
        let fixture = try loaded()
        #expect(try fixture.get("/debug/queries").text == #"{"status":"success","data":[]}"#)
        let answer = try fixture.post("/debug/queries/7/kill", "")
        #expect(answer.status == 404)
        #expect(answer.text == "no query 7 runs now; GET /debug/queries lists those that do\n")
    }

    @Test func rangeSelectorsGiveTheSamplesThemselves() throws {
        let fixture = try loaded()
        let samples = try fixture.get("/api/v1/query?query=up%7Bjob%3D%22a%22%7D%5B20s%5D&time=30").text
        #expect(
            samples
                == """
                {"status":"success","data":{"resultType":"matrix","result":[\
                {"metric":{"__name__":"up","job":"a"},"values":[[15.500,"2"],[30,"+Inf"]]}]}}
                """)
    }

    @Test(arguments: [
        ("/api/v1/query?query=up%7B&time=1", 400, "bad_data"),
        ("/api/v1/query?query=up&time=never", 400, "bad_data"),
        ("/api/v1/query_range?query=up&start=0&end=10", 400, "bad_data"),
        ("/api/v1/query_range?query=up&start=10&end=0&step=1", 400, "bad_data"),
        ("/api/v1/query_range?query=up&start=0&end=10&step=0", 400, "bad_data"),
        ("/api/v1/query_range?query=up&start=0&end=11001&step=1", 400, "bad_data"),
        ("/api/v1/query?query=up&limit=-1", 400, "bad_data"),
        ("/api/v1/query?query=up%20%2B%20on()%20group_left%20up&time=1", 422, "execution"),
        ("/api/v1/series", 400, "bad_data"),
        ("/api/v1/series?match%5B%5D=%7B%7D", 400, "bad_data"),
    ])
    func errorsHaveTheTypesAndCodesOfPrometheus(target: String, status: Int, type: String) throws {
        let answer = try loaded().get(target)
        #expect(answer.status == status)
        #expect(answer.text.hasPrefix(#"{"status":"error","errorType":"\#(type)","error":""#))
    }

    @Test func aLimitCutsAndSaysSo() throws {
        let fixture = try loaded()
        #expect(
            try fixture.get("/api/v1/query?query=up&time=0&limit=1").text
                == """
                {"status":"success","data":{"resultType":"vector","result":[\
                {"metric":{"__name__":"up","job":"a"},"value":[0,"1"]}]},\
                "warnings":["results truncated due to limit"]}
                """)
        #expect(
            try fixture.get("/api/v1/labels?limit=1").text
                == #"{"status":"success","data":["__name__"],"warnings":["results truncated due to limit"]}"#)
    }

    @Test func labelsAndSeriesAreListed() throws {
        let fixture = try loaded()
        try fixture.load([("__name__", "down"), ("näme", "ü")], [(0, 1)])
        #expect(
            try fixture.get("/api/v1/labels").text == #"{"status":"success","data":["__name__","job","näme"]}"#)
        #expect(
            try fixture.get("/api/v1/label/job/values?match%5B%5D=up").text
                == #"{"status":"success","data":["a","b"]}"#)
        // The escaped form of "näme": ä is U+00E4.
        #expect(
            try fixture.get("/api/v1/label/U__n_e4_me/values").text == #"{"status":"success","data":["ü"]}"#)
        #expect(
            try fixture.post("/api/v1/series", "match%5B%5D=up%7Bjob%3D%22b%22%7D").text
                == #"{"status":"success","data":[{"__name__":"up","job":"b"}]}"#)
    }
}

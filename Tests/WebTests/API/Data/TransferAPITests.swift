import Encoding
import HTTP
import Ingest
import Model
import Posix
import Storage
import TSDB
import Telemetry
import TestSupport
import Testing
import Web

/// Export and import over HTTP, on the real store.
struct TransferAPITests {
    private final class Fixture {
        let store: TimeSeriesStore
        private let directory = TemporaryDirectory()
        private let server: Server
        private let pool: HandlerPool
        private let client: HTTPClient
        private let address: SocketAddress

        init(_ change: (inout StoreOptions) -> Void = { _ in }) throws {
            let registry = Registry()
            var options = StoreOptions()
            options.hasBackgroundThreads = false
            options.freeBytesMin = 0
            options.freeShareMin = 0
            change(&options)
            store = try TimeSeriesStore(directory: directory.path, options: options)
            pool = try HandlerPool(name: "transfer", threads: 2, waitingMax: 16)
            var router = Router()
            ExportAPI(store: store, pool: pool).add(to: &router)
            ImportAPI(
                IngestContext(store: store, registry: registry, keySeed: Hash128(low: 7, high: 8)), pool: pool
            ).add(to: &router)
            server = try Server(ServerOptions(), router: router, registry: registry)
            try server.start()
            address = try server.listen(on: .loopback(port: 0))
            client = HTTPClient("test", registry: registry)
        }

        deinit {
            client.stop()
            server.stop(drainingAtMostNs: 1_000_000_000)
            pool.stop()
            store.abandon()
        }

        func load(_ labels: [(name: String, value: String)], _ samples: [(timestampMs: Int64, value: Double)]) throws {
            var batch = SampleBatch()
            batch.append(Labels(labels), samples)
            let outcome = try store.append(&batch)
            #expect(outcome.acceptedSamples == samples.count)
        }

        func send(
            _ method: Method, _ target: String, _ body: String = "", type: String? = nil
        ) throws -> (status: Int, text: String) {
            var request = ClientRequest(method, "http://\(address)\(target)")
            if let type { request.fields.append(("Content-Type", type)) }
            request.body = Array(body.utf8)
            request.answerBytesMax = 256 << 20
            let answer = try client.answer(to: request)
            return (answer.status.rawValue, String(decoding: answer.body, as: UTF8.self))
        }
    }

    private func loaded() throws -> Fixture {
        let fixture = try Fixture()
        try fixture.load([("__name__", "up"), ("job", "b")], [(1000, 1), (2000, .nan), (3000, -0.0)])
        try fixture.load([("__name__", "up"), ("job", "a")], [(1000, 0.5), (2000, StaleMarker.value)])
        try fixture.load([("__name__", "down")], [(1500, .infinity)])
        return fixture
    }

    private static let upA =
        "{\"metric\":{\"__name__\":\"up\",\"job\":\"a\"},\"values\":[0.5,null],\"timestamps\":[1000,2000],\"nans\":[[1,\"7ff0000000000002\"]]}\n"
    private static let upB =
        "{\"metric\":{\"__name__\":\"up\",\"job\":\"b\"},\"values\":[1,null,-0],\"timestamps\":[1000,2000,3000],\"nans\":[[1,\"7ff8000000000000\"]]}\n"
    private static let down = "{\"metric\":{\"__name__\":\"down\"},\"values\":[\"Infinity\"],\"timestamps\":[1500]}\n"

    @Test func exportGivesWhatIsSelected() throws {
        let fixture = try loaded()
        #expect(try fixture.send(.get, "/api/v1/export?sort=labels").text == Self.down + Self.upA + Self.upB)
        #expect(try fixture.send(.get, "/api/v1/export?match%5B%5D=up%7Bjob=%22a%22%7D").text == Self.upA)
        let (status, text) = try fixture.send(.get, "/api/v1/export?match%5B%5D=up&start=2.5&end=10&sort=labels")
        #expect(status == 200)
        #expect(
            text
                == "{\"metric\":{\"__name__\":\"up\",\"job\":\"b\"},\"values\":[-0],\"timestamps\":[3000]}\n")
    }

    @Test func aSeriesOfTwoSelectorsComesOnce() throws {
        let fixture = try loaded()
        let target =
            "/api/v1/export?match%5B%5D=up%7Bjob=%22a%22%7D&match%5B%5D=%7B__name__=~%22up%7Cdown%22%7D&sort=labels"
        #expect(try fixture.send(.get, target).text == Self.upA + Self.down + Self.upB)
    }

    @Test func textHasALineForEachSample() throws {
        let fixture = try loaded()
        #expect(
            try fixture.send(.get, "/api/v1/export/prometheus?sort=labels").text == """
                down +Inf 1500
                up{job="a"} 0.5 1000
                up{job="b"} 1 1000
                up{job="b"} NaN 2000
                up{job="b"} -0 3000

                """)
    }

    @Test func badParametersAreRefused() throws {
        let fixture = try loaded()
        for target in ["?match%5B%5D=%7B", "?start=x", "?start=5&end=4"] {
            let (status, text) = try fixture.send(.get, "/api/v1/export" + target)
            #expect(status == 400)
            #expect(text.contains("\"errorType\":\"bad_data\""))
        }
    }

    @Test func whatIsExportedIsImportedBitByBit() throws {
        let fixture = try loaded()
        var batch = SampleBatch()
        batch.append(Labels([("__name__", "h"), ("x", "\u{1F600}\"\\")]), [])
        batch.histograms = [
            .init(
                timestampMs: 5000,
                value: NativeHistogram(
                    schema: 1, sum: 3, counts: .integer(count: 3, zero: 1, positive: [2], negative: []),
                    positiveSpans: [.init(offset: 0, length: 1)]))
        ]
        batch.series[0].histograms = 0..<1
        #expect(try fixture.store.append(&batch).acceptedHistograms == 1)
        let exported = try fixture.send(.get, "/api/v1/export?sort=labels").text
        #expect(exported.contains("\"histograms\":[{\"timestamp\":5000"))
        let other = try Fixture()
        #expect(try other.send(.post, "/api/v1/import", exported).status == 204)
        #expect(try other.send(.get, "/api/v1/export?sort=labels").text == exported)
        // Once more changes nothing.
        #expect(try other.send(.post, "/api/v1/import", exported).status == 204)
        try other.store.flush()
        #expect(try other.send(.get, "/api/v1/export?sort=labels").text == exported)
    }

    @Test func badLinesAreNamedByTheirNumberAndTheRestIsKept() throws {
        let fixture = try Fixture()
        let body =
            Self.upA + "\n{\"metric\":\n" + "{\"metric\":{\"job\":\"x\"},\"values\":[1],\"timestamps\":[1]}\n"
            + Self.down
        let (status, text) = try fixture.send(.post, "/api/v1/import?first_line=100", body)
        #expect(status == 400)
        let lines = text.split(separator: "\n")
        #expect(lines.first == "1 lines and 1 samples were refused, 3 samples were taken")
        #expect(lines.count == 3)
        #expect(lines[1].hasPrefix("line 102: it is no JSON"))
        #expect(lines[2] == "line 103: {job=\"x\"}: the series has no label __name__")
        #expect(try fixture.send(.get, "/api/v1/export?sort=labels").text == Self.down + Self.upA)
    }

    @Test func textComesBackAsItWent() throws {
        let fixture = try loaded()
        let text = try fixture.send(.get, "/api/v1/export/prometheus?sort=labels").text
        let other = try Fixture()
        let body = "# HELP up is a comment\n" + text
        #expect(try other.send(.post, "/api/v1/import", body, type: "text/plain; charset=utf-8").status == 204)
        #expect(try other.send(.get, "/api/v1/export/prometheus?sort=labels").text == text)
    }

    @Test func badLinesOfTextAreNamedAndTheRestIsKept() throws {
        let fixture = try Fixture()
        let body = "up 1 1000\nup 2\nup{ 3 2000\n{job=\"x\"} 4 3000\ndown 5 4000\n"
        let (status, text) = try fixture.send(.post, "/api/v1/import", body, type: "text/plain")
        #expect(status == 400)
        let lines = text.split(separator: "\n")
        #expect(lines.first?.hasSuffix("2 samples were taken") == true, "\(text)")
        #expect(lines.contains { $0.hasPrefix("line 2: the timestamp is missing") }, "\(text)")
        #expect(lines.contains { $0.hasPrefix("line 3: ") }, "\(text)")
        #expect(lines.contains { $0.hasPrefix("line 4: ") }, "\(text)")
        #expect(try fixture.send(.get, "/api/v1/export/prometheus?sort=labels").text == "down 5 4000\nup 1 1000\n")
    }

    @Test func refusalsOfTheStoreNameTheirLineToo() throws {
        let fixture = try Fixture { $0.seriesMax = 1 }
        let (status, text) = try fixture.send(.post, "/api/v1/import", Self.upA + Self.upB)
        #expect(status == 400)
        #expect(text.contains("\nline 2: up{job=\"b\"}: the store has 1 series"))
    }

    @Test func manySeriesAndSamplesGoThroughInBlocks() throws {
        let fixture = try Fixture()
        var body = ""
        for series in 0..<3000 {
            let times = (0..<40).map { String(1_000_000 + $0 * 1000 + series) }.joined(separator: ",")
            let values = (0..<40).map { String($0 * series) }.joined(separator: ",")
            body +=
                "{\"metric\":{\"__name__\":\"m\",\"i\":\"\(series)\"},\"values\":[\(values)],\"timestamps\":[\(times)]}\n"
        }
        #expect(try fixture.send(.post, "/api/v1/import", body).status == 204)
        let exported = try fixture.send(.get, "/api/v1/export").text
        #expect(Set(exported.split(separator: "\n")) == Set(body.split(separator: "\n")))
        #expect(exported.utf8.count == body.utf8.count)
    }
}

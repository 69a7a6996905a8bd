import Encoding
import HTTP
import Model
import Posix
import Storage
import TSDB
import Telemetry
import TestSupport
import Testing
import Web

/// What the store and the administrator's endpoints answer.
struct StoreStatusAPITests {
    private final class Fixture {
        let store: TimeSeriesStore
        let calls = Lock<[String]>([])
        private let directory = TemporaryDirectory()
        private let server: Server
        private let pool: HandlerPool
        private let client: HTTPClient
        private let address: SocketAddress

        init() throws {
            var options = StoreOptions()
            options.hasBackgroundThreads = false
            options.freeBytesMin = 0
            options.freeShareMin = 0
            store = try TimeSeriesStore(directory: directory.path, options: options)
            pool = try HandlerPool(name: "query", threads: 2, waitingMax: 16)
            var router = Router()
            StoreStatusAPI(
                store: store, pool: pool,
                facts: {
                    DataFacts(
                        directory: "/data", freeBytes: 5, totalBytes: 9, samplesTaken: 3, samplesRefused: 1,
                        residentBytes: 7, limits: [("label_limit", 64)])
                }
            ).add(to: &router)
            let calls = calls
            let store = store
            let administration = DataAdministration(
                snapshot: { "20260101T000000Z-0123456789abcdef" }, cleanTombstones: { try store.applyDeletions() },
                backUp: { folder in
                    calls.withLock { $0.append(folder) }
                    return .object([JSONMember(name: "folder", value: .string(folder))])
                })
            AdministrationAPI(store: store, administration: administration, pool: pool).add(to: &router)
            server = try Server(ServerOptions(), router: router, registry: Registry())
            try server.start()
            address = try server.listen(on: .loopback(port: 0))
            client = HTTPClient("test", registry: Registry())
        }

        deinit {
            client.stop()
            server.stop(drainingAtMostNs: 1_000_000_000)
            pool.stop()
            store.abandon()
        }

        func load() throws {
            var batch = SampleBatch()
            for job in ["a", "b", "c"] {
                batch.append(Labels([("__name__", "up"), ("job", job)]), [(1000, 1), (2000, 2)])
            }
            batch.append(Labels([("__name__", "down"), ("job", "a")]), [(1500, 0)])
            #expect(try store.append(&batch).acceptedSamples == 7)
        }

        func send(_ method: Method, _ target: String) throws -> (status: Int, json: JSONValue) {
            let answer = try client.answer(to: ClientRequest(method, "http://\(address)\(target)"))
            let json = answer.body.isEmpty ? JSONValue.null : try JSONValue.parse(answer.body.span)
            return (answer.status.rawValue, json)
        }

        func samples() throws -> Int {
            let selection = try store.select(SelectRequest(matchers: [], startMs: .min, endMs: .max))
            var block = SeriesBlock()
            try selection.read(0..<selection.count, into: &block)
            return block.floats.reduce(0) { $0 + $1.count }
        }
    }

    /// The members and their order within a list are those of Prometheus' documentation of /api/v1/status/tsdb.
    @Test func theStoreIsToldInPrometheusShape() throws {
        let fixture = try Fixture()
        try fixture.load()
        let data = try #require(try fixture.send(.get, "/api/v1/status/tsdb?limit=1").json["data"])
        #expect(data["headStats"]?["numSeries"]?.int == 4)
        #expect(data["headStats"]?["numLabelPairs"]?.int == 5)
        #expect(data["headStats"]?["minTime"]?.int == 1000)
        #expect(data["headStats"]?["maxTime"]?.int == 2000)
        func first(_ list: String) -> (name: String?, value: Int?) {
            let elements = data[list]?.elements ?? []
            #expect(elements.count == 1, "\(list)")
            return (elements.first?["name"]?.text, elements.first?["value"]?.int)
        }
        #expect(first("seriesCountByMetricName") == ("up", 3))
        #expect(first("labelValueCountByLabelName") == ("job", 3))
        #expect(first("seriesCountByLabelValuePair") == ("__name__=up", 3))
        #expect(first("memoryInBytesByLabelName").name == "__name__")
    }

    @Test func limitsOfTheListsAreChecked() throws {
        let fixture = try Fixture()
        for limit in ["0", "-1", "x", "10001"] {
            #expect(try fixture.send(.get, "/api/v1/status/tsdb?limit=\(limit)").status == 400)
        }
    }

    @Test func theLogIsReplayedBeforeAnybodyAsks() throws {
        let fixture = try Fixture()
        #expect(try fixture.send(.get, "/api/v1/status/walreplay").json["data"]?["state"]?.text == "done")
    }

    @Test func theCollectorTellsItsFactsAndLimits() throws {
        let fixture = try Fixture()
        try fixture.load()
        let data = try #require(try fixture.send(.get, "/obs/v1/status").json["data"])
        #expect(data["dataDirectory"]?.text == "/data")
        #expect(data["samplesTaken"]?.int == 3)
        #expect(data["series"]?.int == 4)
        #expect(data["samplesInHead"]?.int == 7)
        #expect(data["limits"]?["label_limit"]?.int == 64)
    }

    @Test func deletedSeriesAreGoneAtOnceAndTheirBytesWhenCleaned() throws {
        let fixture = try Fixture()
        try fixture.load()
        let path = "/api/v1/admin/tsdb/"
        #expect(try fixture.send(.post, path + "delete_series").json["error"]?.text == "no match[] parameter provided")
        #expect(try fixture.send(.put, path + "delete_series?match%5B%5D=up&start=2&end=2").status == 204)
        #expect(try fixture.samples() == 4)
        #expect(
            try fixture.send(.post, path + "delete_series?match%5B%5D=up%7Bjob=%22a%22%7D&match%5B%5D=down").status
                == 204)
        #expect(try fixture.samples() == 2)
        #expect(try fixture.store.statistics(limit: 1).samplesAtRest == 7)
        #expect(try fixture.send(.post, path + "clean_tombstones").status == 204)
        #expect(try fixture.store.statistics(limit: 1).samplesAtRest == 2)
        #expect(try fixture.samples() == 2)
        #expect(try fixture.send(.post, path + "delete_series?match%5B%5D=%7B").status == 400)
    }

    @Test func aSnapshotIsNamedAndABackupGoesWhereItIsTold() throws {
        let fixture = try Fixture()
        let snapshot = try fixture.send(.post, "/api/v1/admin/tsdb/snapshot?skip_head=false")
        #expect(snapshot.json["data"]?["name"]?.text == "20260101T000000Z-0123456789abcdef")
        #expect(try fixture.send(.post, "/api/v1/admin/tsdb/snapshot?skip_head=maybe").status == 400)
        #expect(try fixture.send(.post, "/obs/v1/backup").status == 400)
        #expect(try fixture.send(.post, "/obs/v1/backup?to=/b").json["data"]?["folder"]?.text == "/b")
        #expect(fixture.calls.withLock { $0 } == ["/b"])
    }
}

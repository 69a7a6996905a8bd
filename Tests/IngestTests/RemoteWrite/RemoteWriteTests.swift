import Encoding
import HTTP
import Ingest
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing

struct RemoteWriteTests {
    /// A server that takes remote_write into a store in memory, with a client.
    private final class Fixture {
        let store = MemoryMetricStore()
        let registry = Registry()
        private let server: Server
        private let client: HTTPClient
        private let address: SocketAddress

        init(_ change: (inout IngestLimits) -> Void = { _ in }) throws {
            var context = IngestContext(store: store, registry: registry, keySeed: Hash128(low: 3, high: 4))
            change(&context.limits)
            var router = Router()
            IngestProtocols.add(context, to: &router)
            server = try Server(ServerOptions(), router: router, registry: registry)
            try server.start()
            address = try server.listen(on: .loopback(port: 0))
            client = HTTPClient("test", registry: registry)
        }

        deinit {
            client.stop()
            server.stop(drainingAtMostNs: 1_000_000_000)
        }

        func post(_ body: [UInt8], _ fields: [(name: String, value: String)] = []) throws -> (Status, String) {
            var request = ClientRequest(.post, "http://\(address)/api/v1/write")
            request.fields = fields
            request.body = body
            let answer = try client.answer(to: request)
            return (answer.status, String(decoding: answer.body, as: UTF8.self))
        }

        func write(_ message: [UInt8]) throws -> (Status, String) {
            var body: [UInt8] = []
            try Snappy.compress(message.span, appendingTo: &body)
            return try post(body, [("Content-Encoding", "snappy"), ("Content-Type", "application/x-protobuf")])
        }

        func samples(_ name: String) throws -> [(Int64, Double)] {
            let selection = try store.select(
                SelectRequest(matchers: [Matcher("__name__", equals: name)], startMs: 0, endMs: .max))
            var block = SeriesBlock()
            try selection.read(0..<selection.count, into: &block)
            return block.floats.flatMap { run in
                (0..<run.count).map {
                    (block.timestampsMs[run.timestampStart + $0], block.values[run.valueStart + $0])
                }
            }
        }

        func counter(_ name: String) -> Double {
            let points = registry.families.first { $0.name == name }?.points ?? []
            return points.reduce(0) { sum, point in
                if case .number(let value, _) = point.reading { sum + value } else { sum }
            }
        }
    }

    @Test func whatIsSentIsKept() throws {
        let fixture = try Fixture()
        let up = label("__name__", "up") + label("job", "node")
        #expect(try fixture.write(field(1, up + sample(1, 10))).0 == .noContent)
        #expect(try fixture.write(field(1, up + sample(0, 20))).0 == .noContent)
        let kept = try fixture.samples("up")
        #expect(kept.map(\.0) == [10, 20])
        #expect(kept.map(\.1) == [1, 0])
        #expect(fixture.counter("obs_ingest_samples_total") == 2)
        // The second request names a series that the store knows.
        #expect(fixture.counter("obs_ingest_series_resolved_total") == 1)
    }

    @Test func aBadSeriesIsNamedAndTheRestKept() throws {
        let fixture = try Fixture()
        let good = field(1, label("__name__", "good") + sample(1, 10))
        let nameless = field(1, label("job", "node") + sample(2, 10) + sample(3, 20))
        let (status, text) = try fixture.write(nameless + good)
        #expect(status == .badRequest)
        #expect(
            text == """
                2 samples were refused, 1 were taken
                invalid_labels: {job="node"}: the series has no label __name__

                """)
        #expect(try fixture.samples("good").map(\.1) == [1])
        #expect(fixture.counter("obs_ingest_samples_refused_total") == 2)
    }

    @Test func otherFormsAreRefusedWithTheirReason() throws {
        let fixture = try Fixture()
        let message = field(1, label("__name__", "x") + sample(1, 1))
        #expect(try fixture.post(message, [("Content-Encoding", "zstd")]).0 == .unsupportedMediaType)
        let version3 = "application/x-protobuf;proto=io.prometheus.write.v3.Request"
        #expect(
            try fixture.post(message, [("Content-Encoding", "snappy"), ("Content-Type", version3)]).0
                == .unsupportedMediaType)
        #expect(try fixture.post([1, 2, 3], [("Content-Encoding", "snappy")]).0 == .badRequest)
        #expect(try fixture.write([0x0a, 0x7f]).0 == .badRequest)
        #expect(try fixture.samples("x").isEmpty)
    }

    @Test func boundsAreNamed() throws {
        let fixture = try Fixture {
            $0.samplesMax = 2
            $0.expandedBytesMax = 200
        }
        let series = label("__name__", "x")
        let (status, text) = try fixture.write(field(1, series + sample(1, 1) + sample(2, 2) + sample(3, 3)))
        #expect(status == .contentTooLarge)
        #expect(text.contains("3 samples, more than storage.request_sample_limit (2)"))
        #expect(fixture.counter("obs_ingest_samples_refused_total") == 3)
        let padding = field(9, [UInt8](repeating: 7, count: 100))
        #expect(try fixture.write(padding + padding).0 == .contentTooLarge)
    }
}

import Encoding
import HTTP
import Ingest
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing

/// A server that takes logs into a store in memory, with a client.
final class LogFixture {
    let store = MemoryLogStore()
    private let server: Server
    private let client: HTTPClient
    private let address: SocketAddress

    init(_ change: (inout LogIngestContext) -> Void = { _ in }) throws {
        let registry = Registry()
        let time = ManualTime()
        var context = LogIngestContext(store: store, registry: registry, time: time)
        change(&context)
        var router = Router()
        LogIngestProtocols.add(context, to: &router)
        server = try Server(ServerOptions(), router: router, registry: registry)
        try server.start()
        address = try server.listen(on: .loopback(port: 0))
        client = HTTPClient("test", registry: registry)
    }

    deinit {
        client.stop()
        server.stop(drainingAtMostNs: 1_000_000_000)
    }

    func post(
        _ path: String, _ body: [UInt8], _ fields: [(name: String, value: String)] = []
    ) throws -> (status: Status, text: String) {
        var request = ClientRequest(.post, "http://\(address)\(path)")
        request.fields = fields
        request.body = body
        let answer = try client.answer(to: request)
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    /// Each entry as `{labels} ns line {metadata}`, oldest first.
    func entries() throws -> [String] {
        var request = LogSelectRequest(matchers: [])
        request.order = .oldestFirst
        let scan = try store.scan(request)
        var block = LogBlock()
        var entries: [String] = []
        while try scan.next(into: &block) {
            for entry in 0..<block.count {
                let stream = block.streams[block.streamOf[entry]].pairs.map { "\($0.name)=\($0.value)" }
                let metadata = Labels(canonical: Array(block.metadataBytes[block.metadata(entry)])).pairs.map {
                    "\($0.name)=\($0.value)"
                }
                let line = String(decoding: block.lineBytes[block.line(entry)], as: UTF8.self)
                let parts = [stream.joined(separator: ","), "\(block.timestampsNs[entry])", line]
                entries.append((parts + (metadata.isEmpty ? [] : metadata)).joined(separator: " "))
            }
        }
        return entries
    }
}

@Suite("Loki's push")
struct LokiPushTests {
    private let json: [(name: String, value: String)] = [("Content-Type", "application/json")]

    /// One stream of `logproto.PushRequest`.
    private func message(
        _ labels: String, _ entries: [(seconds: Int64, ns: Int64, line: String, metadata: [(String, String)])]
    ) -> [UInt8] {
        var writer = ProtobufWriter()
        writer.message(1) { stream in
            stream.string(1, labels)
            for entry in entries {
                stream.message(2) { message in
                    message.message(1) {
                        $0.int64(1, entry.seconds)
                        $0.int64(2, entry.ns)
                    }
                    message.string(2, entry.line)
                    for (name, value) in entry.metadata {
                        message.message(3) {
                            $0.string(1, name)
                            $0.string(2, value)
                        }
                    }
                }
            }
        }
        return writer.bytes
    }

    private func packed(_ message: [UInt8]) throws -> [UInt8] {
        var body: [UInt8] = []
        try Snappy.compress(message.span, appendingTo: &body)
        return body
    }

    @Test("takes protobuf in snappy, with structured metadata")
    func takesProtobuf() throws {
        let fixture = try LogFixture()
        let body = try packed(
            message(
                #"{env="prod", host="a\"b"}"#, [(2, 5, "two", [("trace_id", "t1"), ("a", "b")]), (1, 0, "one", [])])
                + message(#"{app="x"}"#, [(3, 0, "three\nlines", [])]))
        #expect(
            try fixture.post("/loki/api/v1/push", body, [("Content-Type", "application/x-protobuf")]).status
                == .noContent)
        #expect(
            try fixture.entries() == [
                "env=prod,host=a\"b 1000000000 one", "env=prod,host=a\"b 2000000005 two a=b trace_id=t1",
                "app=x 3000000000 three\nlines",
            ])
    }

    @Test("takes JSON, also with gzip, and drops what it has")
    func takesJSON() throws {
        let fixture = try LogFixture()
        let body = Array(
            #"{"streams":[{"stream":{"app":"x"},"values":[["1","a"],["2","b é",{"k":"v"}],["1","a"]]}]}"#.utf8)
        #expect(try fixture.post("/loki/api/v1/push", body, json).status == .noContent)
        var gzip: [UInt8] = []
        var compressor = try GzipBodyCompressor()
        compressor.compress(body.span, appendingTo: &gzip)
        #expect(
            try fixture.post("/loki/api/v1/push", gzip, json + [("Content-Encoding", "gzip")]).status == .noContent)
        #expect(try fixture.entries() == ["app=x 1 a", "app=x 2 b é k=v"])
    }

    @Test("takes a batch that names itself once, and then keeps equal lines of it")
    func takesIdentifiedOnce() throws {
        let fixture = try LogFixture()
        let body = Array(#"{"streams":[{"stream":{"app":"x"},"values":[["1","a"],["1","a"]]}]}"#.utf8)
        for _ in 0..<5 {
            #expect(
                try fixture.post("/loki/api/v1/push", body, json + [("X-Obs-Batch", "host-7:41")]).status == .noContent)
        }
        #expect(try fixture.entries() == ["app=x 1 a", "app=x 1 a"])
        #expect(try fixture.post("/loki/api/v1/push", body, json + [("X-Obs-Batch", "41")]).status == .badRequest)
    }

    @Test(
        "says what is wrong with a body",
        arguments: [
            ("{", "not valid JSON"), ("[]", "streams"), (#"{"streams":[{"values":[]}]}"#, "streams[0]"),
            (#"{"streams":[{"stream":{"a":1},"values":[]}]}"#, "no string"),
            (#"{"streams":[{"stream":{},"values":[["1","x"]]}]}"#, "at least one"),
            (#"{"streams":[{"stream":{"a":"b"},"values":[["x","y"]]}]}"#, "streams[0].values[0]"),
        ])
    func refusesFlaws(body: String, part: String) throws {
        let fixture = try LogFixture()
        let (status, text) = try fixture.post("/loki/api/v1/push", Array(body.utf8), json)
        #expect(status == .badRequest && text.contains(part), "\(text)")
        #expect(try fixture.entries().isEmpty)
    }

    @Test("refuses what is no snappy, no message or has labels that are none")
    func refusesBrokenProtobuf() throws {
        let fixture = try LogFixture()
        for body in [
            [1, 2, 3], try packed([0xff, 0xff]), try packed(message("{a=b}", [(1, 0, "x", [])])),
            try packed(message("{}", [(1, 0, "x", [])])),
            try packed(message(#"{a="1",a="2"}"#, [(1, 0, "x", [])])),
            try packed(message(#"{a="1"} x"#, [(1, 0, "x", [])])),
        ] as [[UInt8]] {
            #expect(try fixture.post("/loki/api/v1/push", body).status == .badRequest)
        }
        #expect(try fixture.entries().isEmpty)
    }
}

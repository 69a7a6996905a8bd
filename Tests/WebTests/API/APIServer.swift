import HTTP
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Web

/// A server of some surfaces over a store in memory, with a client.
final class APIServer {
    let store = MemoryMetricStore()
    private let server: Server
    private let pool: HandlerPool
    private let client: HTTPClient
    private let address: SocketAddress

    init(_ add: (MemoryMetricStore, HandlerPool, inout Router) -> Void) throws {
        let registry = Registry()
        pool = try HandlerPool(name: "query", threads: 2, waitingMax: 16)
        var router = Router()
        add(store, pool, &router)
        server = try Server(ServerOptions(), router: router, registry: registry)
        try server.start()
        address = try server.listen(on: .loopback(port: 0))
        client = HTTPClient("test", registry: registry)
    }

    deinit {
        client.stop()
        server.stop(drainingAtMostNs: 1_000_000_000)
        pool.stop()
    }

    func load(_ labels: [(name: String, value: String)], _ samples: [(timestampMs: Int64, value: Double)]) throws {
        var batch = SampleBatch()
        batch.append(Labels(labels), samples)
        _ = try store.append(&batch)
    }

    func load(_ labels: [(name: String, value: String)], _ timestampMs: Int64, _ histogram: NativeHistogram) throws {
        var batch = SampleBatch()
        batch.append(Labels(labels), [])
        batch.histograms = [SampleBatch.Histogram(timestampMs: timestampMs, value: histogram)]
        batch.series[0].histograms = 0..<1
        _ = try store.append(&batch)
    }

    func get(_ target: String, _ fields: [(name: String, value: String)] = []) throws -> ClientResponse {
        var request = ClientRequest(.get, "http://\(address)\(target)")
        request.fields = fields
        return try client.answer(to: request)
    }

    func send(_ method: HTTP.Method, _ path: String, _ body: [UInt8]) throws -> ClientResponse {
        var request = ClientRequest(method, "http://\(address)\(path)")
        request.fields = [("Content-Type", "application/json")]
        request.body = body
        return try client.answer(to: request)
    }

    func post(_ path: String, _ body: [UInt8], _ contentType: String) throws -> ClientResponse {
        var request = ClientRequest(.post, "http://\(address)\(path)")
        request.fields = [("Content-Type", contentType)]
        request.body = body
        return try client.answer(to: request)
    }
}

extension ClientResponse {
    var text: String { String(decoding: body, as: UTF8.self) }
}

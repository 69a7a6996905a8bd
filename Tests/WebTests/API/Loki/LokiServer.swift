import HTTP
import LogQL
import Model
import Posix
import PromQL
import Storage
import Telemetry
import TestSupport
import Web

/// A server of Loki's reading side over a store in memory, with a client.
final class LokiServer {
    let store = MemoryLogStore()
    let address: SocketAddress
    private let server: Server
    private let service: QueryService
    private let workers: Workers
    let hub: TailHub
    let client: HTTPClient

    init() throws {
        let registry = Registry()
        let time = SystemTime()
        workers = try Workers(helpers: 1)
        let memory = QueryMemory(limitBytes: 1 << 30)
        let engine = Engine(store: MemoryMetricStore(), workers: workers, memory: memory)
        service = try QueryService(
            engine: engine, registry: registry, log: .silent, time: time)
        hub = try TailHub(registry: registry, time: time)
        var router = Router()
        LokiAPI(
            service, LogEngine(store: store, memory: memory), hub: hub, version: "1", revision: "r", time: time
        ).add(to: &router)
        server = try Server(ServerOptions(), router: router, registry: registry)
        try server.start()
        address = try server.listen(on: .loopback(port: 0))
        client = HTTPClient("test", registry: registry)
    }

    deinit {
        client.stop()
        hub.stop()
        server.stop(drainingAtMostNs: 1_000_000_000)
        service.stop()
        workers.stop()
    }

    func load(_ labels: [(name: String, value: String)], _ entries: [(ns: Int64, line: String)]) throws {
        var batch = LogBatch()
        let stream = batch.appendStream(Labels(labels))
        for entry in entries { batch.append(entry.ns, stream: stream, Array(entry.line.utf8).span) }
        _ = try store.append(batch)
    }

    func get(
        _ path: String, _ parameters: [(String, String)] = [], fields: [(name: String, value: String)] = []
    ) throws -> (status: Int, text: String) {
        let query = parameters.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        var request = ClientRequest(.get, "http://\(address)\(path)?\(query)")
        request.fields = fields
        let answer = try client.answer(to: request)
        return (Int(answer.status.rawValue), String(decoding: answer.body, as: UTF8.self))
    }
}

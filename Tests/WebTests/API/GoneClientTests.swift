import HTTP
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing
import Web

/// Whose client has gone is not worked on any more.
@Suite struct GoneClientTests {
    /// A store that lists labels until nobody waits for them, and says then that it was so.
    private final class EndlessStore: MetricStore {
        let begun = Monitor(false)
        let cancelled = Monitor(0)
        private let store = MemoryMetricStore()

        private func list(_ request: LabelRequest) throws(StorageError) {
            begun.withLock { $0 = true }
            begun.wakeAll()
            let until = SystemTime().monotonicNs + 60_000_000_000
            while !request.cancellation.isRaised {
                precondition(SystemTime().monotonicNs < until, "nobody ended the question")
            }
            cancelled.withLock { $0 += 1 }
            cancelled.wakeAll()
            throw .cancelled
        }

        func labelNames(_ request: LabelRequest) throws(StorageError) -> [String] {
            try list(request)
            return []
        }
        func labelValues(_ name: String, _ request: LabelRequest) throws(StorageError) -> [String] {
            try list(request)
            return []
        }
        func series(_ request: LabelRequest) throws(StorageError) -> [Labels] {
            try list(request)
            return []
        }

        func resolve(_ batch: inout SampleBatch) { store.resolve(&batch) }
        func append(_ batch: inout SampleBatch) throws(StorageError) -> AppendOutcome { try store.append(&batch) }
        func select(_ request: SelectRequest) throws(StorageError) -> any SeriesSelection { try store.select(request) }
        func exemplars(_ request: LabelRequest) throws(StorageError) -> [SeriesExemplars] {
            try store.exemplars(request)
        }
        func metadata(family: String?, limit: Int) throws(StorageError) -> [MetricMetadata] {
            try store.metadata(family: family, limit: limit)
        }
        func statistics(limit: Int) throws(StorageError) -> StoreStatistics { try store.statistics(limit: limit) }
        func delete(_ request: LabelRequest) throws(StorageError) { try store.delete(request) }
    }

    @Test(arguments: ["/api/v1/labels", "/api/v1/series?match[]=up", "/api/v1/label/job/values"])
    func labelsAreNotListedForNobody(target: String) throws {
        let store = EndlessStore()
        let pool = try HandlerPool(name: "query", threads: 1, waitingMax: 1)
        defer { pool.stop() }
        var router = Router()
        SeriesAPI(store: store, pool: pool).add(to: &router)
        let server = try Server(ServerOptions(), router: router, registry: Registry())
        try server.start()
        defer { server.stop(drainingAtMostNs: 1_000_000_000) }
        let address = try server.listen(on: .loopback(port: 0))
        let client = HTTPClient("test", registry: Registry())
        defer { client.stop() }
        let cancellation = Cancellation()
        client.send(ClientRequest(.get, "http://\(address)\(target)"), cancellation: cancellation) { _ in }
        // A client that goes before its question is worked on is not worked for at all.
        _ = store.begun.wait { $0 ? true : nil }
        cancellation.raise()
        client.wake()
        #expect(store.cancelled.wait { $0 > 0 ? $0 : nil } == 1)
    }
}

import Encoding
import HTTP
import Ingest
import Model
import Posix
import Storage
import Telemetry
import TestSupport

/// A collector's stand-in that forgets nothing and often fails: before it has kept a batch, and after.
final class LogSink: Sendable {
    private struct State {
        var seen: Set<String> = []
        var lines: [String: [String]] = [:]
        var random: SeededGenerator
        var repeats = 0
    }

    let address: SocketAddress
    private let state: Lock<State>
    private let server: Server

    /// - Parameter failures: of 100 requests so many are refused, and as many taken with the answer of a failure.
    init(_ random: SeededGenerator, failures: UInt64) throws {
        let state = Lock(State(random: random))
        self.state = state
        var router = Router()
        router.post("/loki/api/v1/push", role: nil) { request, response in
            let dice = state.withLock { $0.random.next() % 100 }
            guard dice >= failures else { return response.send(.serviceUnavailable) }
            var body: [UInt8] = []
            guard let identity = request.headerText("x-obs-batch"),
                (try? Snappy.decompress(request.body, bytesMax: 1 << 26, appendingTo: &body)) != nil,
                let batch = try? LokiPushDecoder.batch(body)
            else { return response.send(.badRequest) }
            state.withLock { state in
                guard state.seen.insert(identity).inserted else { return state.repeats += 1 }
                for entry in batch.entries {
                    let labels = Labels(canonical: Array(batch.bytes[batch.streams[entry.stream]]))
                    let line = String(decoding: batch.bytes[entry.line], as: UTF8.self)
                    state.lines[labels["filename"], default: []].append(line)
                }
            }
            response.send(dice < failures * 2 ? .serviceUnavailable : .noContent)
        }
        router.post("/api/v1/write", role: nil) { _, response in response.send(.noContent) }
        server = try Server(router: router, registry: Registry())
        try server.start()
        address = try server.listen(on: .loopback(port: 0))
    }

    deinit { server.stop(drainingAtMostNs: 0) }

    func lines(of path: String) -> [String] { state.withLock { $0.lines[path] ?? [] } }
    var lineCount: Int { state.withLock { $0.lines.values.reduce(0) { $0 + $1.count } } }
    var repeatedBatches: Int { state.withLock { $0.repeats } }
}

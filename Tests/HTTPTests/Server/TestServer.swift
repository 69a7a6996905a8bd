import Crypto
import HTTP
import Posix
import Synchronization
import Telemetry

/// A server on a port of its own with routes that tests use, with bounds that tests shorten.
final class TestServer {
    let server: Server
    let address: SocketAddress
    let registry = Registry()
    let log: Lock<[AccessRecord]>

    init(
        gate: Gate? = nil, routes: (inout Router) -> Void = { _ in },
        options change: (inout ServerOptions) -> Void = { _ in }, tls: TLSStore? = nil
    ) throws {
        var options = ServerOptions()
        options.firstByteNs = 10_000_000_000
        options.headNs = 10_000_000_000
        options.idleNs = 10_000_000_000
        options.rateWindowNs = 10_000_000_000
        options.lingerNs = 50_000_000
        options.bodyBytesMax = 4 << 20
        change(&options)
        var router = Router()
        Self.addRoutes(&router)
        routes(&router)
        let log = Lock<[AccessRecord]>([])
        self.log = log
        server = try Server(
            options, router: router, gate: gate, accessLog: { record in log.withLock { $0.append(record) } },
            registry: registry)
        try server.start()
        address = try server.listen(on: .loopback(port: 0), tls: tls)
    }

    deinit {
        server.stop(drainingAtMostNs: 1_000_000_000)
    }

    private static func addRoutes(_ router: inout Router) {
        router.get("/hello", role: nil) { _, response in response.send("hello\n") }
        router.post("/echo", role: nil) { request, response in
            response.send(request.body, contentType: "application/octet-stream")
        }
        router.get("/label/:name/values", role: nil) { request, response in
            response.send(request.parameter("name"))
        }
        router.get("/files/*path", role: nil) { request, response in response.send(request.parameter("path")) }
        router.get("/big/:bytes", role: nil) { request, response in
            let count = Int(request.parameter("bytes")) ?? 0
            response.send(Self.counting(to: count), contentType: "application/octet-stream")
        }
    }

    /// 0, 1, 2 ... 255, 0, 1 ...
    static func counting(to count: Int) -> [UInt8] {
        let block = (0..<65_536).map { UInt8(truncatingIfNeeded: $0) }
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += block }
        return Array(bytes.prefix(count))
    }

    func connect(timeoutMs: Int = 5_000, receiveBufferBytes: Int32? = nil) throws -> RawClient {
        try RawClient(address, timeoutMs: timeoutMs, receiveBufferBytes: receiveBufferBytes)
    }

    /// Whether `condition` comes true within five seconds.
    static func eventually(_ condition: () -> Bool) -> Bool {
        let limitNs = SystemTime().monotonicNs + 60_000_000_000
        let monitor = Monitor(0)
        while !condition() {
            if SystemTime().monotonicNs > limitNs { return false }
            _ = monitor.wait(atMostNs: 2_000_000) { _ -> Int? in nil }
        }
        return true
    }
}

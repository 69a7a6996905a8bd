import Encoding
import HTTP
import Posix
import Telemetry

/// Takes webhooks and keeps them, by their paths.
final class WebhookSink: Sendable {
    struct Got: Sendable {
        let path: String
        let message: JSONValue
        let atNs: Int64
    }

    private let got = Monitor<[Got]>([])
    private let server: Server
    /// `http://127.0.0.1:40123`
    let url: String

    init() throws {
        var router = Router()
        let got = got
        router.post("/*path", role: nil) { request, response in
            var body: [UInt8] = []
            body.append(request.body)
            let message = (try? JSONValue.parse(body.span)) ?? .null  // what is no JSON differs from what is expected
            let path = request.pathText
            got.withLock { $0.append(Got(path: path, message: message, atNs: SystemTime().monotonicNs)) }
            got.wakeAll()
            response.send("{}", contentType: ContentType.json)
        }
        server = try Server(ServerOptions(), router: router, registry: Registry())
        try server.start()
        url = "http://\(try server.listen(on: .loopback(port: 0)))"
    }

    deinit { server.stop(drainingAtMostNs: 0) }

    var all: [Got] { got.withLock { $0 } }

    /// Waits until what came is as wanted.
    func wait(atMostSeconds seconds: Double, until holds: ([Got]) -> Bool) -> Bool {
        got.wait(atMostNs: Int64(seconds * 1e9)) { holds($0) ? true : nil } ?? false
    }
}

import HTTP
import Posix
import Telemetry

/// A server that answers queries from a table: what a command shows of them is the command's alone.
final class CannedServer {
    private let server: Server
    /// `http://127.0.0.1:40123`
    let url: String

    /// - Parameter answers: the body for each expression, with its status.
    init(_ answers: [String: (status: Status, body: String)]) throws {
        var router = Router()
        for path in ["/api/v1/query", "/api/v1/query_range"] {
            router.post(path, role: nil) { request, response in
                let answer = answers[request.value("query") ?? ""]
                response.status = answer?.status ?? .notFound
                response.send(answer?.body ?? "no such answer", contentType: ContentType.json)
            }
        }
        server = try Server(ServerOptions(), router: router, registry: Registry())
        try server.start()
        url = "http://\(try server.listen(on: .loopback(port: 0)))"
    }

    deinit { server.stop(drainingAtMostNs: 0) }
}

import Encoding
import HTTP
import Posix
import Telemetry
import TestSupport

/// A server that stands in for those who are told: it keeps what it gets and answers what it is told to.
final class StandInReceiver: Sendable {
    struct Got: Sendable {
        let method: String
        let path: String
        let query: String
        let fields: [String: String]
        let body: [UInt8]

        var json: JSONValue { (try? JSONValue.parse(body.span)) ?? .null }  // what is no JSON fails the comparison
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Answer: Sendable {
        var status = Status.ok
        var body = "{\"ok\":true,\"success\":true}"
        var retryAfter: String?
    }

    private let got = Monitor<[Got]>([])
    /// Given one after the other; then every answer is good.
    let answers = Lock<[Answer]>([])
    private let server: Server
    let address: SocketAddress

    init() throws {
        var router = Router()
        let (got, answers) = (got, answers)
        for method in [Method.get, .post, .put] {
            router.add(method, "/*path", role: nil) { request, response in
                var fields: [String: String] = [:]
                for name in [
                    "authorization", "content-type", "x-obs-signature", "x-auth-token", "x-user-id", "x-amz-date",
                    "x-amz-security-token",
                ] {
                    fields[name] = request.headerText(name)
                }
                var body: [UInt8] = []
                body.append(request.body)
                var query: [UInt8] = []
                query.append(request.query)
                let one = Got(
                    method: request.method.name, path: request.pathText, query: String(decoding: query, as: UTF8.self),
                    fields: fields, body: body)
                let answer = answers.withLock { $0.isEmpty ? Answer() : $0.removeFirst() }
                if answer.status.rawValue < 300 { got.withLock { $0.append(one) } }
                got.wakeAll()
                response.status = answer.status
                if let retryAfter = answer.retryAfter { response.fields.append("Retry-After", retryAfter) }
                response.send(Array(answer.body.utf8), contentType: ContentType.json)
            }
        }
        server = try Server(router: router, registry: Registry())
        try server.start()
        address = try server.listen(on: SocketAddress("127.0.0.1:0")!)
    }

    deinit { server.stop(drainingAtMostNs: 0) }

    var url: String { "http://\(address)" }

    var all: [Got] { got.withLock { $0 } }

    /// Waits until so many have come; what has come then.
    func wait(for count: Int) -> [Got] {
        _ = got.wait(atMostNs: 20_000_000_000) { $0.count >= count ? () : nil }
        return all
    }
}

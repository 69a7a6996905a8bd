import Encoding
import HTTP
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Marketplace

/// All eight services in this process, on ports that were free.
final class RunningMarketplace: Sendable {
    struct Answer {
        let status: Int
        let json: JSONValue
        let text: String
        let fields: [(name: String, value: String)]

        var errorCode: String? { json["error"]?["code"]?.text }
    }

    let options: MarketplaceOptions
    let folder = TemporaryDirectory()
    private let installation: Installation
    private let client = HTTPClient("test", registry: Registry())

    init(_ change: (inout MarketplaceOptions) -> Void = { _ in }) throws {
        var options = MarketplaceOptions()
        options.dataDirectory = folder.file("data")
        options.logDirectory = folder.file("logs")
        options.traceRatio = 1
        change(&options)
        var made: Installation?
        var tries = 0
        // Ten ports in a row: another process may have one of them.
        while made == nil {
            options.firstPort = UInt16.random(in: 2_000...3_000) * 10
            tries += 1
            do {
                made = try Installation(options)
            } catch let error as SystemError where error.code == 98 && tries < 50 {
                continue
            }
        }
        self.options = options
        installation = try #require(made)
    }

    /// Call it at the end of a test.
    func stop() {
        client.stop()
        installation.stop()
    }

    func ask(
        _ method: Method, _ path: String, of service: ServiceName = .gateway, token: String? = nil,
        fields: [(name: String, value: String)] = [], body: String = ""
    ) throws -> Answer {
        var request = ClientRequest(method, options.url(of: service) + path)
        request.fields = fields
        request.body = Array(body.utf8)
        if !body.isEmpty { request.fields.append(("content-type", "application/json")) }
        if let token { request.fields.append(("authorization", "Bearer \(token)")) }
        let response = try client.answer(to: request)
        return Answer(
            status: response.status.rawValue, json: (try? JSONValue.parse(response.body.span)) ?? .null,
            text: String(decoding: response.body, as: UTF8.self), fields: response.fields)
    }

    /// A new user's access token.
    func signUp(_ email: String = "ada@example.com") throws -> String {
        let body = #"{"email":"\#(email)","password":"correct horse","name":"Ada"}"#
        let answer = try ask(.post, "/v1/signup", body: body)
        #expect(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["access_token"]?.text)
    }

    /// The lines of a service's page of metrics that begin so, by what follows.
    func metrics(_ service: ServiceName, _ start: String) throws -> [String] {
        try ask(.get, "/metrics", of: service).text.split(separator: "\n").filter { $0.hasPrefix(start) }.map(
            String.init)
    }

    func log(_ service: ServiceName) throws -> [JSONValue] {
        let bytes = try LocalFileSystem().readFile(folder.file("logs/\(service.rawValue).log"), atMostBytes: 64 << 20)
        return try bytes.split(separator: 0x0a).map { try JSONValue.parse(Array($0).span) }
    }
}

import Encoding
import HTTP
import Posix
import Telemetry
import Testing

@testable import obs

struct ServerConnectionTests {
    /// A server with these routes while `body` runs.
    private func withServer(_ routes: (inout Router) -> Void, _ body: (String) throws -> Void) throws {
        var router = Router()
        routes(&router)
        let server = try Server(router: router, registry: Registry())
        try server.start()
        defer { server.stop(drainingAtMostNs: 0) }
        try body("http://\(try server.listen(on: .loopback(port: 0)))")
    }

    private func connection(_ url: String, token: String? = nil) -> ServerConnection {
        let console = Console(
            style: .init(), environment: { $0 == "OBS_TOKEN" ? token : nil }, output: { _ in }, complaints: { _ in })
        var options = ServerConnection.Options()
        options.url = url
        return ServerConnection(options, console)
    }

    private func failure(_ connection: ServerConnection, _ path: String) -> String {
        do {
            _ = try connection.data(.init(path: path))
            return "no failure"
        } catch {
            return "\(error)"
        }
    }

    @Test func parametersAndTheTokenArriveAndDataComesBack() throws {
        try withServer { router in
            for method in [Method.get, .post] {
                router.add(method, "/api", role: nil) { request, response in
                    let said = request.values("match[]").joined(separator: "|")
                    let token = request.headerText("authorization") ?? "-"
                    response.send(
                        "{\"status\":\"success\",\"data\":[\"\(said)\",\"\(token)\"]}", contentType: ContentType.json)
                }
            }
        } _: { url in
            for method in [Method.get, .post] {
                var question = ServerConnection.Question(method: method, path: "/api")
                question.parameters = [("match[]", "a b&c=d+é"), ("match[]", "2")]
                let data = try connection(url + "/", token: "secret").data(question)
                #expect(data.elements?.map(\.text) == ["a b&c=d+é|2", "Bearer secret"])
            }
            #expect(try connection(url).data(.init(path: "/api")).elements?.map(\.text) == ["", "-"])
        }
    }

    @Test func refusalsSayWhatToDo() throws {
        let statuses: [Status] = [.unauthorized, .forbidden, .unprocessableContent]
        try withServer { router in
            for status in statuses {
                router.get("/\(status.rawValue)", role: nil) { _, response in
                    response.status = status
                    response.send("{\"status\":\"error\",\"error\":\"the reason\"}", contentType: ContentType.json)
                }
            }
            router.get("/other", role: nil) { _, response in response.send("<html>") }
        } _: { url in
            let without = connection(url)
            let with = connection(url, token: "t")
            #expect(failure(without, "/401").contains("obs token create"))
            #expect(failure(with, "/401").contains("does not know the token in OBS_TOKEN: the reason"))
            #expect(failure(without, "/403").contains("higher role"))
            #expect(failure(without, "/422") == "\(url) answers 422 Unprocessable Content: the reason")
            #expect(failure(without, "/other").contains("is \(url) a collector of obs?"))
        }
    }

    @Test func aServerThatIsNotThereIsNamedWithWhatToDo() throws {
        let address = try ListeningPort.unused()
        let sentence = failure(connection("http://\(address)"), "/x")
        #expect(sentence.contains("\(address)"))
        #expect(sentence.contains("'obs collector' starts one"))
    }

    /// An address on which nobody listens: one that was just given back.
    private enum ListeningPort {
        static func unused() throws -> SocketAddress {
            let server = try Server(router: Router(), registry: Registry())
            try server.start()
            defer { server.stop(drainingAtMostNs: 0) }
            return try server.listen(on: .loopback(port: 0))
        }
    }

    @Test func theServerMustBeAURL() throws {
        var options = ServerConnection.Options()
        let setting = ServerConnection.Options.server
        for text in ["", "localhost:9440", "ftp://x", "http://"] {
            #expect(throws: UsageError.self) { try setting.set(&options, text) }
        }
        try setting.set(&options, "https://obs.example.com/")
        #expect(options.url == "https://obs.example.com/")
    }
}

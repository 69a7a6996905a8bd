import Encoding
import Foundation
import Testing

/// The requests of Loki's command line and of Grafana's data source, in the form in which they come over the wire.
@Suite struct LokiClientTests {
    private static let second: Int64 = 1_000_000_000
    private static let base: Int64 = 1_700_000_000

    private func loaded() throws -> LokiServer {
        let server = try LokiServer()
        try server.load(
            [("app", "web"), ("level", "error")],
            (0..<5).map { ((Self.base + Int64($0)) * Self.second, #"{"status":\#(500 + $0),"msg":"no \#($0)"}"#) })
        return server
    }

    /// What is asked, and where in the answer there has to be something.
    static let requests: [(path: String, parameters: [(String, String)], at: [String])] = [
        ("query_range", [("query", #"{app="web"}"#), ("limit", "30"), ("direction", "BACKWARD")], ["data", "result"]),
        (
            "query_range",
            [("query", #"rate({app="web"}[5m])"#), ("limit", "30"), ("direction", "FORWARD"), ("step", "60")],
            ["data", "result"]
        ),
        (
            "query_range",
            [
                ("query", #"sum by (level, detected_level) (count_over_time({app="web"}[1m]))"#), ("step", "15000ms"),
                ("supportingQueryType", "logsVolume"),
            ], ["data", "result"]
        ),
        ("query", [("query", "vector(1)+vector(1)"), ("time", "1700000000000000000")], ["data", "result"]),
        (
            "query",
            [("query", #"count_over_time({app="web"}[1h])"#), ("limit", "30"), ("time", "1700000060000000000")],
            ["data", "result"]
        ),
        ("labels", [], ["data"]), ("labels", [("query", #"{app="web"}"#)], ["data"]),
        ("label/app/values", [], ["data"]), ("label/app/values", [("query", #"{level="error"}"#)], ["data"]),
        ("series", [("match", #"{app="web"}"#)], ["data"]), ("series", [("match[]", #"{app="web"}"#)], ["data"]),
        (
            "index/volume",
            [("query", #"{app="web"}"#), ("limit", "30"), ("aggregateBy", "series"), ("targetLabels", "app")],
            ["data", "result"]
        ),
        (
            "index/volume_range",
            [("query", #"{app="web"}"#), ("limit", "30"), ("step", "3600"), ("aggregateBy", "labels")],
            ["data", "result"]
        ),
        (
            "detected_fields",
            [("query", #"{app="web"}"#), ("limit", "100"), ("line_limit", "1000"), ("step", "1m0s")],
            ["fields"]
        ),
        (
            "detected_field/status/values", [("query", #"{app="web"}"#), ("limit", "100"), ("line_limit", "1000")],
            ["values"]
        ),
        ("detected_labels", [("query", #"{app="web"}"#)], ["detectedLabels"]),
        ("patterns", [("query", #"{app="web"}"#), ("step", "10s")], ["data"]),
    ]

    @Test(arguments: requests.indices) func clientsAreAnswered(_ index: Int) throws {
        let request = Self.requests[index]
        let isInstant = request.parameters.contains { $0.0 == "time" }
        let range = [("start", "\(Self.base * Self.second)"), ("end", "\((Self.base + 60) * Self.second)")]
        let answer = try loaded().get("/loki/api/v1/" + request.path, request.parameters + (isInstant ? [] : range))
        #expect(answer.status == 200, "\(answer.text)")
        var value = try JSONValue.parse(Array(answer.text.utf8).span)
        for name in request.at { value = try #require(value[name], "\(answer.text)") }
        #expect(value.elements?.isEmpty == false, "\(answer.text)")
    }

    @Test func statisticsAreOneObject() throws {
        let range = [("start", "\(Self.base * Self.second)"), ("end", "\((Self.base + 60) * Self.second)")]
        let answer = try loaded().get("/loki/api/v1/index/stats", [("query", #"{app="web"}"#)] + range)
        let stats = try JSONValue.parse(Array(answer.text.utf8).span)
        #expect(stats["streams"]?.int == 1 && stats["entries"]?.int == 5)
    }

    @Test func theVersionIsOneThatClientsKnow() throws {
        let answer = try loaded().get("/loki/api/v1/status/buildinfo")
        #expect(try JSONValue.parse(Array(answer.text.utf8).span)["version"]?.text?.hasPrefix("3.") == true)
    }
}

import Encoding
import Foundation
import Testing

@Suite struct LokiAPITests {
    private static let second: Int64 = 1_000_000_000
    private static let base: Int64 = 1_700_000_000

    private func loaded() throws -> LokiServer {
        let server = try LokiServer()
        try server.load(
            [("app", "a"), ("level", "error")],
            (0..<5).map { ((Self.base + Int64($0)) * Self.second, #"{"status":\#(500 + $0),"msg":"no \#($0)"}"#) })
        try server.load(
            [("app", "b")], (0..<3).map { ((Self.base + Int64($0)) * Self.second, "plain \($0)") })
        return server
    }

    private var range: [(String, String)] {
        [("start", "\(Self.base * Self.second)"), ("end", "\((Self.base + 60) * Self.second)")]
    }

    private func data(_ answer: (status: Int, text: String)) throws -> JSONValue {
        #expect(answer.status == 200, "\(answer.text)")
        let root = try JSONValue.parse(Array(answer.text.utf8).span)
        #expect(root["status"]?.text == "success")
        return try #require(root["data"])
    }

    @Test func linesComeNewestFirstByStreamWithStatistics() throws {
        let server = try loaded()
        let data = try data(
            server.get("/loki/api/v1/query_range", [("query", #"{app="a"} | json"#), ("limit", "2")] + range))
        #expect(data["resultType"]?.text == "streams")
        let streams = try #require(data["result"]?.elements)
        #expect(streams.map { $0["stream"]?["status"]?.text } == ["504", "503"])
        let first = try #require(streams.first?["values"]?.elements?.first?.elements)
        #expect(first[0].text == "\((Self.base + 4) * Self.second)")
        #expect(first[1].text == #"{"status":504,"msg":"no 4"}"#)
        #expect(data["stats"]?["summary"]?["totalEntriesReturned"]?.int == 2)
    }

    @Test func labelsAreToldByWhereTheyCameFromWhereThatIsAskedFor() throws {
        let server = try loaded()
        let data = try data(
            server.get(
                "/loki/api/v1/query_range", [("query", #"{app="a"} | json"#), ("limit", "1")] + range,
                fields: [("X-Loki-Response-Encoding-Flags", "categorize-labels")]))
        #expect(data["encodingFlags"]?.elements?.map(\.text) == ["categorize-labels"])
        let stream = try #require(data["result"]?.elements?.first)
        #expect(stream["stream"]?.members?.map(\.name) == ["app", "level"])
        let entry = try #require(stream["values"]?.elements?.first?.elements)
        #expect(entry[2]["parsed"]?["status"]?.text == "504")
    }

    @Test func anInstantQueryIsAVectorAndARangeAMatrix() throws {
        let server = try loaded()
        let query = #"sum by (app) (count_over_time({app=~"a|b"}[1m]))"#
        let vector = try data(
            server.get("/loki/api/v1/query", [("query", query), ("time", "\(Self.base + 30)")]))
        #expect(vector["resultType"]?.text == "vector")
        #expect(vector["result"]?.elements?.map { $0["value"]?.elements?[1].text } == ["5", "3"])
        let matrix = try data(
            server.get("/loki/api/v1/query_range", [("query", query), ("step", "30")] + range))
        #expect(matrix["resultType"]?.text == "matrix")
        #expect(
            matrix["result"]?.elements?.first?["values"]?.elements?.map { $0.elements?[1].text } == ["1", "5", "4"])
    }

    @Test func grafanasHealthQueryIsAnInstantVector() throws {
        let answer = try data(try loaded().get("/loki/api/v1/query", [("query", "vector(1)+vector(1)")]))
        #expect(answer["resultType"]?.text == "vector")
        #expect(answer["result"]?.elements?.first?["value"]?.elements?[1].text == "2")
    }

    @Test func labelsValuesAndSeriesAreThoseOfTheRange() throws {
        let server = try loaded()
        #expect(try data(server.get("/loki/api/v1/labels", range)).elements?.map(\.text) == ["app", "level"])
        #expect(try data(server.get("/loki/api/v1/label/app/values", range)).elements?.map(\.text) == ["a", "b"])
        let series = try data(server.get("/loki/api/v1/series", [("match[]", #"{app="a"}"#)] + range))
        #expect(series.elements?.map { $0["level"]?.text } == ["error"])
    }

    @Test func volumesAndStatisticsCountWhatStreamsHold() throws {
        let server = try loaded()
        let statistics = try server.get("/loki/api/v1/index/stats", [("query", #"{app=~".+"}"#)] + range)
        let counts = try JSONValue.parse(Array(statistics.text.utf8).span)
        #expect(counts["streams"]?.int == 2)
        #expect(counts["entries"]?.int == 8)
        let volume = try data(
            server.get("/loki/api/v1/index/volume", [("query", #"{app=~".+"}"#), ("targetLabels", "app")] + range))
        #expect(volume["result"]?.elements?.map { $0["metric"]?["app"]?.text } == ["a", "b"])
    }

    @Test func fieldsAreDetectedWithTheirKinds() throws {
        let answer = try loaded().get("/loki/api/v1/detected_fields", [("query", #"{app="a"}"#)] + range)
        let fields = try JSONValue.parse(Array(answer.text.utf8).span)["fields"]?.elements
        #expect(fields?.map { $0["label"]?.text } == ["msg", "status"])
        #expect(fields?.map { $0["type"]?.text } == ["string", "int"])
        #expect(fields?.map { $0["cardinality"]?.int } == [5, 5])
    }

    @Test func patternsAreWhatLinesHaveInCommon() throws {
        let data = try data(try loaded().get("/loki/api/v1/patterns", [("query", #"{app="b"}"#)] + range))
        #expect(data.elements?.map { $0["pattern"]?.text } == ["plain <_>"])
    }

    /// The words that clients know, by status.
    static let refusals: [(path: String, parameters: [(String, String)], status: Int, text: String)] = [
        (
            "/loki/api/v1/query", [("query", #"{app="a"}"#)], 400,
            "log queries are not supported as an instant query type, please change your query to a range query type"
        ),
        (
            "/loki/api/v1/query_range", [("query", "{")], 400,
            "parse error at line 1, col 2: syntax error: unexpected $end, expecting IDENTIFIER or }"
        ),
        (
            "/loki/api/v1/query_range", [("query", "{}"), ("limit", "1000000")], 400,
            "max entries limit per query exceeded, limit > max_entries_limit_per_query (1000000 > 50000)"
        ),
        (
            "/loki/api/v1/query_range", [("query", "{}"), ("start", "2"), ("end", "1")], 400,
            "end timestamp must not be before or equal to start time"
        ),
        (
            "/loki/api/v1/query_range", [("query", "{}"), ("step", "0")], 400,
            "zero or negative query resolution step widths are not accepted. Try a positive integer"
        ),
        ("/loki/api/v1/query_range", [("query", "{}"), ("direction", "up")], 400, "invalid direction 'up'"),
    ]

    @Test(arguments: refusals.indices) func refusalsAreWordedAsClientsKnowThem(_ index: Int) throws {
        let refusal = Self.refusals[index]
        let answer = try LokiServer().get(refusal.path, refusal.parameters)
        #expect(answer.status == refusal.status)
        #expect(answer.text == refusal.text + "\n")
    }
}

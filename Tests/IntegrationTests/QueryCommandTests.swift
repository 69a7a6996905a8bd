import Foundation
import HTTP
import Testing

/// `obs query` as a user sees it, against files that were laid out by hand.
@Suite struct QueryCommandTests {
    /// Where something is shown.
    enum Screen: String, CaseIterable, Sendable {
        case narrow = "80"
        case wide = "140"
        case pipe
    }

    private static let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden/query")

    private static func series(_ labels: String, _ values: String) -> String { #"{"metric":{\#(labels)},\#(values)}"# }

    private static func answer(_ type: String, _ series: [String]) -> (status: Status, body: String) {
        (
            .ok,
            #"{"status":"success","data":{"resultType":"\#(type)","result":[\#(series.joined(separator: ","))]}}"#
        )
    }

    /// 2026-11-20T18:00:00Z
    private static let end = 1_795_197_600

    private static func instant(_ labels: String, _ value: String) -> String {
        series(labels, #""value":[\#(end),"\#(value)"]"#)
    }

    private static func hourly(_ labels: String, _ value: String, hours: Int) -> String {
        let points = (0..<hours).map { "[\(end - 21_600 + $0 * 3600),\"\(value)\"]" }
        return series(labels, #""values":[\#(points.joined(separator: ","))]"#)
    }

    private func server() throws -> CannedServer {
        try CannedServer([
            "up": Self.answer(
                "vector",
                [
                    Self.instant(#""__name__":"up","instance":"a:9100","job":"node""#, "1"),
                    Self.instant(#""__name__":"up","instance":"b:9100","job":"node""#, "0"),
                    Self.instant(#""__name__":"up","instance":"c:8080","job":"web""#, "1"),
                ]),
            "disk_free": Self.answer(
                "vector",
                [
                    Self.instant(
                        #""__name__":"disk_free","device":"/dev/mapper/vg0-a","instance":"server-01.example.com:9100","mountpoint":"/var/lib/postgresql/14/main/pg_wal""#,
                        "1234567890123"),
                    Self.instant(
                        #""__name__":"disk_free","device":"/dev/sda1","instance":"server-02.example.com:9100","mountpoint":"/""#,
                        "5"),
                ]),
            "flat": Self.answer(
                "matrix",
                [
                    Self.hourly(#""__name__":"flat","instance":"a:1""#, "10", hours: 7),
                    Self.hourly(#""__name__":"flat","instance":"b:1""#, "0", hours: 4),
                ]),
            "none": Self.answer("vector", []),
            "sum(up": (
                .badRequest,
                #"{"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:7: parse error: unclosed left parenthesis"}"#
            ),
            "up * up": (
                .unprocessableContent, #"{"status":"error","errorType":"execution","error":"many-to-many"}"#
            ),
        ])
    }

    private func show(
        _ arguments: String, on screen: Screen, of server: CannedServer, environment: String = "NO_COLOR=1 TERM=xterm"
    ) throws -> String {
        let command = "obs query --server \(server.url) \(arguments)"
        let line =
            screen == .pipe
            ? command : "script -qec \"stty cols \(screen.rawValue) rows 24; \(command)\" /dev/null"
        let shown = try Obs.shell("bash", "env -u COLUMNS \(environment) \(line)").output
        return String(shown.map { $0 == "\r\n" ? "\n" : $0 })
    }

    private static let range = "--from 2026-11-20T12:00:00Z --to 2026-11-20T18:00:00Z --step 1h"

    @Test(arguments: Screen.allCases) func tablesAndGraphsFitTheirScreen(screen: Screen) throws {
        let server = try server()
        var cases = [
            ("up-table", "up"), ("wide-table", "disk_free"), ("flat-table", "flat \(Self.range) -o table"),
        ]
        if screen != .pipe { cases.append(("flat-graph", "flat \(Self.range)")) }
        for (name, arguments) in cases {
            let file = Self.golden.appending(path: "\(name)-\(screen.rawValue).txt")
            let expected = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            #expect(try show(arguments, on: screen, of: server) == expected, "\(name) on \(screen)")
        }
        // Without a terminal a range is a table too.
        if screen == .pipe {
            #expect(
                try show("flat \(Self.range)", on: .pipe, of: server)
                    == show("flat \(Self.range) -o table", on: .pipe, of: server))
        }
    }

    @Test(arguments: Screen.allCases) func dataIsTheSameOnEveryScreen(screen: Screen) throws {
        let server = try server()
        for (name, arguments) in [("up-csv", "up -o csv"), ("flat-csv", "flat \(Self.range) -o csv")] {
            let file = Self.golden.appending(path: "\(name).txt")
            let expected = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            #expect(try show(arguments, on: screen, of: server) == expected, "\(name) on \(screen)")
        }
        #expect(
            try show("none -o json", on: screen, of: server)
                == #"{"status":"success","data":{"resultType":"vector","result":[]}}"# + "\n")
    }

    @Test func seriesHaveColoursOnATerminalThatWantsThem() throws {
        let server = try server()
        let coloured = try show("flat \(Self.range)", on: .narrow, of: server, environment: "-u NO_COLOR TERM=xterm")
        #expect(coloured.contains("\u{1b}[36m⠉"))
        #expect(coloured.contains("\u{1b}[33ma") == false)
        #expect(coloured.contains("\u{1b}[33mb\u{1b}[0m"))
        let pipe = try show("flat \(Self.range) -o graph", on: .pipe, of: server, environment: "-u NO_COLOR TERM=xterm")
        #expect(!pipe.contains("\u{1b}"))
    }

    @Test func exitCodesAndCaretsTellWhatIsWrong() throws {
        let server = try server()
        let wrong = try Obs.run("query", "--server", server.url, "sum(up")
        #expect(wrong.code == 1)
        #expect(wrong.output.isEmpty)
        #expect(
            wrong.complaints == """
                obs query: 1:7: parse error: unclosed left parenthesis
                  sum(up
                        ^

                """)
        let failed = try Obs.run("query", "--server", server.url, "up * up")
        #expect(failed.code == 1)
        #expect(failed.complaints == "obs query: many-to-many\n")
        for arguments in [
            ["query"], ["query", "up", "--at", "soon"], ["query", "up", "--rnage", "1h"],
            ["query", "up", "--step", "1m"], ["query", "up", "-o", "pie"], ["query", ""],
            ["query", "up", "--check", "--watch", "1s"],
        ] {
            #expect(try Obs.run(arguments).code == 2)
        }
        let nobody = try Obs.run("query", "--server", "http://127.0.0.1:1", "up")
        #expect(nobody.code == 1)
        #expect(nobody.complaints.contains("obs collector"))
    }

    @Test func checkFailsWhereThereIsAnAnswer() throws {
        let server = try server()
        #expect(try Obs.run("query", "--server", server.url, "up", "--check").code == 1)
        #expect(try Obs.run("query", "--server", server.url, "none", "--check").code == 0)
        #expect(try Obs.run("query", "--server", server.url, "none").output == "no series\n")
    }

    @Test func theExpressionComesFromStandardInputForADash() throws {
        let server = try server()
        let answer = try Obs.shell("bash", "echo up | OBS_SERVER=\(server.url) obs query - -o csv | wc -l").output
        #expect(answer == "4\n")
    }

    @Test func watchAsksAgainUntilItIsEnded() throws {
        let server = try server()
        let shown = try Obs.shell(
            "bash", "timeout 20 obs query --server \(server.url) up --watch 100ms | grep -m 3 '^every 100ms'"
        ).output
        #expect(shown.split(separator: "\n").count == 3)
    }

    @Test func aLogQueryIsToldFromAMetricQuery() throws {
        let server = try server()
        let logs = try Obs.run("query", "--server", server.url, #"{app="x"} |= "error""#)
        #expect(logs.code == 1)
        #expect(logs.complaints.contains("answers no LogQL"))
        #expect(try Obs.run("query", "--server", server.url, "up", "--lang", "promql").code == 0)
    }
}

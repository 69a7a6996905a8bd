import Foundation
import HTTP
import Telemetry
import Testing

/// `obs logs` on screens of several widths and in a pipe, against the files under Golden/logs, which were written by hand.
@Suite struct LogsScreenTests {
    enum Screen: String, CaseIterable {
        case narrow = "80"
        case wide = "140"
        case pipe
    }

    private static let golden = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Golden/logs")

    private static let entries = #"""
        {"streams":[
        {"stream":{"app":"web","host":"a"},"values":[
        ["1704196805000000000","{\"level\":\"error\",\"msg\":\"payment failed\",\"user\":\"u 1\",\"status\":500}"],
        ["1704200399000000000","GET /cart 200 12ms"]]},
        {"stream":{"app":"web","host":"b"},"values":[
        ["1704198000250000000","{\"ts\":1,\"level\":\"info\",\"msg\":\"order placed\",\"order\":{\"id\":7,\"items\":[1,2]},\"note\":\"\"}",{"trace_id":"t1"}]]}]}
        """#

    private func server(_ folder: TemporaryFolder) throws -> RunningObs {
        let obs = try RunningObs(data: folder.path)
        let client = HTTPClient("test", registry: Registry())
        defer { client.stop() }
        var request = ClientRequest(.post, "http://\(obs.address)/loki/api/v1/push")
        request.fields = [("Content-Type", "application/json")]
        request.body = Array(Self.entries.utf8)
        #expect(try client.answer(to: request).status == .noContent)
        return obs
    }

    private func show(
        _ arguments: String, on screen: Screen, of server: RunningObs, to end: String = "13:00:00",
        environment: String = "NO_COLOR=1 TERM=xterm"
    ) throws -> String {
        let range = "--from 2024-01-02T12:00:00Z --to 2024-01-02T\(end)Z"
        let command = "obs logs --server http://\(server.address) '{app=~`w.b`}' \(range) \(arguments)"
        let line =
            screen == .pipe
            ? command
            : "script -qec \"stty cols \(screen.rawValue) rows 24; \(command.replacing("`", with: "\\`"))\" /dev/null"
        let shown = try Obs.shell("bash", "env -u COLUMNS \(environment) \(line)").output
        return String(shown.map { $0 == "\r\n" ? "\n" : $0 })
    }

    private func golden(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: Self.golden.appending(path: "\(name).txt")), as: UTF8.self)
    }

    @Test func linesAndTablesFitTheirScreen() throws {
        let folder = try TemporaryFolder()
        let server = try server(folder)
        for screen in Screen.allCases {
            #expect(try show("", on: screen, of: server) == golden("lines-\(screen.rawValue)"))
            #expect(try show("-o table", on: screen, of: server) == golden("table-\(screen.rawValue)"))
            #expect(try show("-o json", on: screen, of: server) == golden("json"))
            #expect(try show("-o raw", on: screen, of: server) == golden("raw"))
        }
        #expect(try show("", on: .narrow, of: server, environment: "-u NO_COLOR TERM=xterm") == golden("colours-80"))
        // What the bars count ends with the range, wherever a bar would end.
        let first = try show("", on: .narrow, of: server, to: "12:20:00")
        #expect(first.contains(" 1 hits\n"))
        let both = try show("", on: .narrow, of: server, to: "12:20:01")
        #expect(both.contains(" 2 hits\n"))
    }

    @Test func linesAroundAHitAndWhatItTookAreShown() throws {
        let folder = try TemporaryFolder()
        let server = try server(folder)
        let around = try Obs.run(
            "logs", #"{app="web"} |= "cart""#, "-C", "1", "-o", "raw", "--stats", "--from", "2024-01-02T12:00:00Z",
            "--to", "2024-01-02T13:00:00Z", environment: ["OBS_SERVER": "http://\(server.address)"])
        let raw = try golden("raw").split(separator: "\n")
        #expect(around.output == "\(raw[0])\n\(raw[2])\n")
        #expect(around.complaints.contains("totalEntriesReturned: 1\n"))
    }
}

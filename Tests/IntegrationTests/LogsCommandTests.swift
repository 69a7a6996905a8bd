import Foundation
import HTTP
import Telemetry
import Testing

/// `obs logs`, and what else asks the log store, against a running collector.
@Suite struct LogsCommandTests {
    /// Pushes lines as Loki's clients do.
    private struct Pusher {
        let client = HTTPClient("test", registry: Registry())

        func push(_ address: String, _ stream: String, _ lines: [String], startNs: Int64) throws {
            let values = lines.enumerated().map { "[\"\(startNs + Int64($0.offset))\",\(quoted($0.element))]" }
            var request = ClientRequest(.post, "http://\(address)/loki/api/v1/push")
            request.fields = [("Content-Type", "application/json")]
            let body = "{\"streams\":[{\"stream\":\(stream),\"values\":[\(values.joined(separator: ","))]}]}"
            request.body = Array(body.utf8)
            #expect(try client.answer(to: request).status.rawValue == 204)
        }

        private func quoted(_ line: String) -> String {
            "\"" + line.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"") + "\""
        }
    }

    private static var nowNs: Int64 { Int64(Date().timeIntervalSince1970 * 1000) * 1_000_000 }

    @Test func linesAreShownFoldedOrAsTheyAre() throws {
        let data = try TemporaryFolder()
        let obs = try RunningObs(data: data.path)
        let pusher = Pusher()
        defer { pusher.client.stop() }
        let start = Self.nowNs - 60_000_000_000
        let lines = [
            #"{"level":"error","msg":"payment failed","user":"u 1","status":500}"#, #"{"level":"info","msg":"ok"}"#,
        ]
        try pusher.push(obs.address, #"{"app":"web"}"#, lines, startNs: start)
        let server = ["OBS_SERVER": "http://\(obs.address)", "COLUMNS": "140"]
        let shown = try Obs.run("logs", #"{app="web"} | json | status >= 500"#, environment: server)
        #expect(shown.code == 0, "\(shown.complaints)")
        #expect(shown.output.hasSuffix(" ERROR {app=\"web\"} payment failed user=\"u 1\" status=500\n"))
        let raw = try Obs.run("logs", #"{app="web"}"#, "-o", "raw", environment: server)
        #expect(raw.output == lines.joined(separator: "\n") + "\n")
        let around = try Obs.run("logs", #"{app="web"} |= "failed""#, "-C", "1", "-o", "raw", environment: server)
        #expect(around.output == raw.output)
        let wrong = try Obs.run("logs", #"{app="web"} | json | x >"#, environment: server)
        #expect(wrong.code == 1)
        #expect(wrong.complaints.contains("parse error at line 1, col 25"))
        #expect(wrong.complaints.contains("^"))
    }

    @Test func numbersOfLinesStandInPromQL() throws {
        let data = try TemporaryFolder()
        let obs = try RunningObs(data: data.path)
        let pusher = Pusher()
        defer { pusher.client.stop() }
        try pusher.push(obs.address, #"{"app":"web"}"#, ["a", "b", "c"], startNs: Self.nowNs - 5_000_000_000)
        let found = PrometheusAnswer.values(
            obs.address, #"logs("sum by (app) (count_over_time({app=\"web\"}[5m]))") * 2"#)
        #expect(found == ["app=web": "6"])
    }

    /// Lines that came before, while and after the server was away, each once and in order.
    @Test func followingSurvivesARestart() throws {
        let data = try TemporaryFolder()
        let output = try TemporaryFolder()
        let pusher = Pusher()
        defer { pusher.client.stop() }
        let address = "127.0.0.1:\(try Self.freePort())"
        let first = try RunningObs("--listen", address, data: data.path)
        let follower = Process()
        follower.executableURL = URL(filePath: Obs.path)
        follower.arguments = [
            "logs", #"{app="f"}"#, "--follow", "-o", "raw", "--since", "10m", "--server", "http://\(address)",
        ]
        follower.standardOutput = try output.handle(forWriting: "output")
        follower.standardError = try output.handle(forWriting: "complaints")
        try follower.run()
        defer {
            kill(follower.processIdentifier, SIGKILL)
            follower.waitUntilExit()
        }
        try pusher.push(address, #"{"app":"f"}"#, (0..<50).map { "line \($0)" }, startNs: Self.nowNs)
        _ = try PrometheusAnswer.wait("the first line") { try output.read("output").contains("line 49") ? true : nil }
        #expect(try first.end(with: SIGTERM) == 0)
        let second = try RunningObs("--listen", address, data: data.path)
        try pusher.push(second.address, #"{"app":"f"}"#, (50..<100).map { "line \($0)" }, startNs: Self.nowNs)
        _ = try PrometheusAnswer.wait("the last line") { try output.read("output").contains("line 99") ? true : nil }
        #expect(try output.read("output") == (0..<100).map { "line \($0)\n" }.joined())
    }

    /// A port that nobody listens on for now.
    private static func freePort() throws -> UInt16 {
        let probe = try TemporaryFolder()
        let obs = try RunningObs(data: probe.path)
        let port = try #require(UInt16(obs.address.split(separator: ":").last ?? ""))
        #expect(try obs.end(with: SIGTERM) == 0)
        return port
    }
}

import Foundation
import Testing

/// The server as a process.
@Suite struct CollectorTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    @Test func answersWithItsOwnMetricsAndStatus() throws {
        let obs = try RunningObs(data: folder.path)
        #expect(try obs.get("/-/healthy").status == 200)
        #expect(try obs.get("/-/ready").status == 200)
        let metrics = try obs.get("/metrics")
        #expect(metrics.status == 200)
        #expect(metrics.head.contains("text/plain; version=0.0.4"))
        #expect(metrics.body.contains("\nprocess_resident_memory_bytes "))
        #expect(metrics.body.contains("\nobs_build_info{version="))
        #expect(metrics.body.contains("obs_http_requests_total{route=\"/-/ready\",method=\"GET\",code=\"200\"} 1\n"))
        #expect(try obs.get("/ready").status == 200)
        #expect(try obs.get("/nothing").status == 404)
        #expect(try obs.get("/").body.contains("<title>obs</title>"))
    }

    @Test func pagesOfTheSitesThatAreNamedMayReadAnswers() throws {
        let obs = try RunningObs(
            "--cors-origin", "https://a.test", "--cors-origin", "http://b.test:3000", data: folder.path)
        func allowed(_ origin: String) throws -> Bool {
            let answer = try PlainClient(obs.address).request("GET", "/api/v1/query?query=1", ["Origin: \(origin)"])
            #expect(answer.status == 200)
            return answer.head.contains("Access-Control-Allow-Origin: \(origin)\r\n")
        }
        #expect(try allowed("https://a.test"))
        #expect(try allowed("http://b.test:3000"))
        #expect(!(try allowed("http://b.test")))
        let mistake = try Obs.run("collector", "--cors-origin", "grafana")
        #expect(mistake.code == 2)
        #expect(mistake.complaints.contains("is no origin such as https://grafana.example.com:3000"))
    }

    @Test func recordsItsOwnMetricsFromTheStart() throws {
        let obs = try RunningObs(data: folder.path)
        func value(_ query: String) throws -> String {
            try obs.get("/api/v1/query?query=\(query)").body
        }
        #expect(try value("up").contains(#"{"__name__":"up","instance":"\#(obs.address)","job":"obs"}"#))
        #expect(try value("up").contains(#","1"]"#))
        #expect(try value("count(process_resident_memory_bytes)").contains(#","1"]"#))
        #expect(try obs.get("/api/v1/metadata?metric=process_resident_memory_bytes").body.contains(#""type":"gauge""#))
    }

    @Test func openMetricsComesWhereItIsAskedFor() throws {
        let obs = try RunningObs(data: folder.path)
        let page = try PlainClient(obs.address).request(
            "GET", "/metrics", ["Accept: application/openmetrics-text; version=1.0.0"])
        #expect(page.head.contains("application/openmetrics-text; version=1.0.0"))
        #expect(page.body.hasSuffix("# EOF\n"))
    }

    @Test func statusIsPrometheusJSON() throws {
        let obs = try RunningObs(data: folder.path)
        func data(_ path: String) throws -> [String: Any] {
            let json = try JSONSerialization.jsonObject(with: Data(try obs.get(path).body.utf8))
            let answer = try #require(json as? [String: Any])
            #expect(answer["status"] as? String == "success")
            return try #require(answer["data"] as? [String: Any])
        }
        #expect(try data("/api/v1/status/flags")["data"] as? String == folder.path)
        let runtime = try data("/api/v1/status/runtimeinfo")
        let started = try #require((runtime["startTime"] as? String).flatMap(Self.date))
        #expect(abs(started.timeIntervalSinceNow) < 600)
        #expect(runtime["hostname"] as? String != "")
        #expect(try data("/api/v1/status/buildinfo")["application"] as? String == "obs")
    }

    private static func date(_ text: String) -> Date? {
        try? Date.ISO8601FormatStyle(includingFractionalSeconds: true).parse(text)  // nil fails the test
    }

    @Test func theAccessLogGoesOnInANewFileAfterARotation() throws {
        let path = folder.path + "/access.log"
        let obs = try RunningObs("--access-log", path, data: folder.path)
        #expect(try obs.get("/-/ready?token=secret").status == 200)
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        #expect(try obs.post("/-/reload").status == 200)
        #expect(try obs.get("/nothing").status == 404)
        #expect(try obs.end(with: SIGTERM) == 0)
        let (old, new) = (try Self.lines(path + ".1"), try Self.lines(path))
        let first = try #require(old.first)
        #expect(first["path"] as? String == "/-/ready")
        #expect(first["route"] as? String == "/-/ready")
        #expect(first["status"] as? Int == 200)
        #expect(first["peer"] as? String == "127.0.0.1")
        #expect(!first.values.contains { "\($0)".contains("secret") })
        #expect(new.last?["path"] as? String == "/nothing")
        #expect(new.last?["status"] as? Int == 404)
    }

    /// The objects of a file of JSON lines.
    private static func lines(_ path: String) throws -> [[String: Any]] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { line in
            let json = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(json as? [String: Any])
        }
    }

    @Test(arguments: [SIGTERM, SIGINT]) func endsInGoodOrder(signal: Int32) throws {
        let obs = try RunningObs(data: folder.path)
        let idle = try PlainClient(obs.address)
        #expect(try idle.request("GET", "/-/ready").status == 200)
        #expect(try obs.end(with: signal) == 0)
        #expect(idle.isClosedByServer())
        _ = try obs.waitForLine(#""message":"stopped""#)
    }

    @Test func endsWhenAskedOverHTTP() throws {
        let obs = try RunningObs(data: folder.path)
        #expect(try obs.get("/-/quit").status == 405)
        #expect(try obs.post("/-/quit").status == 200)
        #expect(try obs.waitForExit() == 0)
    }

    @Test func aDataDirectoryBelongsToOneProcess() throws {
        let first = try RunningObs(data: folder.path)
        let second = try Obs.run("collector", "--listen", "127.0.0.1:0", "--data", folder.path)
        #expect(second.code == 1)
        #expect(
            second.complaints == "obs collector: data directory \(folder.path) is in use by process "
                + "\(first.process.processIdentifier): stop it or choose another directory\n")
        #expect(try first.get("/-/ready").status == 200)
        #expect(try first.end(with: SIGKILL) == -SIGKILL)
        let third = try RunningObs(data: folder.path)
        #expect(try third.get("/-/ready").status == 200)
    }

    @Test func refusesToListenBeyondThisMachineWithoutAuth() throws {
        let refused = try Obs.run("collector", "--listen", "0.0.0.0:0", "--data", folder.path)
        #expect(refused.code == 1)
        #expect(refused.complaints.contains("will not listen on 0.0.0.0:0 without authentication"))
        #expect(refused.complaints.contains("--insecure"))
        let obs = try RunningObs("--listen", "0.0.0.0:0", "--insecure", data: folder.path)
        #expect(try obs.get("/-/ready").status == 200)
    }

    @Test func pagesOfOtherSitesCannotUseABrowserOnThisMachine() throws {
        let obs = try RunningObs(data: folder.path)
        let client = try PlainClient(obs.address)
        #expect(try client.request("POST", "/-/reload", ["Origin: https://evil.example"]).status == 403)
        #expect(try client.request("POST", "/-/reload", ["Origin: http://\(obs.address)"]).status == 200)
        #expect(try PlainClient(obs.address, host: "evil.example").request("GET", "/metrics").status == 403)
        #expect(try PlainClient(obs.address, host: "localhost").request("GET", "/metrics").status == 200)
    }

    @Test func aTakenPortIsASentence() throws {
        let first = try RunningObs(data: folder.path)
        let second = try Obs.run("collector", "--listen", first.address, "--data", folder.path + "/other")
        #expect(second.code == 1)
        #expect(second.complaints.contains(first.address))
        #expect(second.complaints.contains("choose another address with --listen"))
    }

    @Test func aWrongDurationIsAMistake() throws {
        let result = try Obs.run("up", "--for", "soon")
        #expect(result.code == 2)
        #expect(result.complaints.contains("--for: not a valid duration string: \"soon\""))
    }
}

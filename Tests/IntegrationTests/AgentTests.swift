import Foundation
import Testing

/// An agent of this build: started, listening, and gone with its owner.
final class RunningAgent {
    let process = Process()
    private let folder: TemporaryFolder
    private(set) var address = ""

    init(_ arguments: [String] = []) throws {
        folder = try TemporaryFolder()
        process.executableURL = URL(filePath: Obs.path)
        process.arguments = ["agent", "--listen", "127.0.0.1:0", "--log-format", "json"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try folder.handle(forWriting: "log")
        try process.run()
        let listening = try waitForLine(#""message":"listening""#)
        address = String(try #require(listening.firstMatch(of: /"address":"([^"]+)"/)).1)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    func waitForLine(_ text: String) throws -> String {
        let deadline = Date(timeIntervalSinceNow: RunningObs.patienceSeconds)
        while true {
            let log = try folder.read("log")
            let complete = log[..<(log.lastIndex(of: "\n") ?? log.startIndex)]
            if let line = complete.split(separator: "\n").first(where: { $0.contains(text) }) { return String(line) }
            try #require(Date() < deadline, "no line with \(text) in the log:\n\(log)")
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

    func get(_ path: String) throws -> PlainResponse { try PlainClient(address).request("GET", path) }
}

@Suite("The agent as a process")
struct AgentTests {
    @Test("serves the host and itself, all of it or the collectors that are asked for, and ends when told")
    func serves() throws {
        let agent = try RunningAgent(["--no-collector", "hwmon"])
        let page = try agent.get("/metrics")
        #expect(page.status == 200)
        let text = page.body
        #expect(text.contains("node_cpu_seconds_total{"))
        #expect(text.contains("\nprocess_resident_memory_bytes "))
        #expect(!text.contains("collector=\"hwmon\""))
        let part = try agent.get("/metrics?collect%5B%5D=loadavg").body
        #expect(part.contains("node_load1 "))
        #expect(!part.contains("node_cpu_seconds_total"))
        let without = try agent.get("/metrics?exclude%5B%5D=cpu").body
        #expect(!without.contains("node_cpu_seconds_total{") && without.contains("node_load1 "))
        let unknown = try agent.get("/metrics?collect%5B%5D=nosuch")
        #expect(unknown.status == 400 && unknown.body.contains("nosuch"))
        kill(agent.process.processIdentifier, SIGTERM)
        agent.process.waitUntilExit()
        #expect(agent.process.terminationStatus == 0)
    }

    @Test("refuses what a configuration does not have, with the place and the nearest that it has")
    func refuses() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            """
            listen: 127.0.0.1:9100
            host:
              collectors:
                cpu: {info: true}
                memifo: true
                textfile: {directory: [relative]}
            """, to: "agent.yaml")
        let checked = try Obs.run("check", "agent", path)
        #expect(checked.code == 1)
        #expect(
            checked.output.contains(#"agent.yaml:5:5: unknown key "memifo" in collectors; did you mean "meminfo"?"#))
        #expect(checked.output.contains("agent.yaml:6:15: the collector textfile cannot be made"))
    }
}

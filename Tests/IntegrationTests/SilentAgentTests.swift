import Foundation
import Testing

/// A real agent and a real collector.
@Suite struct SilentAgentTests {
    /// - Parameter interval: of heartbeats, which says how soon an agent is missed.
    private static func configuration(
        _ folder: TemporaryFolder, _ collector: String, interval: String = "500ms", more: String = ""
    ) throws -> String {
        try folder.write(
            """
            collector: {url: "http://\(collector)"}
            heartbeat: {interval: \(interval)}
            labels: {host: web-1}
            metrics: {send: false}
            logs: {files: [{paths: ["\(folder.path)/*.log"], labels: {job: app}}]}
            buffer: {path: "\(folder.path)/spool"}
            \(more)
            """, to: "agent.yaml")
    }

    /// Waits for a state that lasts.
    private static func wait(until isTrue: () throws -> Bool) rethrows -> Bool {
        let deadline = Date(timeIntervalSinceNow: RunningObs.patienceSeconds)
        while try !isTrue() {
            if Date() > deadline { return false }
            Thread.sleep(forTimeInterval: 0.05)
        }
        return true
    }

    private static func agents(_ collector: String, lines: Int = 0) throws -> [[String: Any]] {
        let answer = try PlainClient(collector).request("GET", "/obs/v1/agents?lines=\(lines)")
        let tree = try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
        return try #require(tree as? [[String: Any]])
    }

    @Test func oneThatIsKilledIsShownByNameWithItsLastTwentyLines() throws {
        let data = try TemporaryFolder()
        let collector = try RunningObs(data: data.path)
        let folder = try TemporaryFolder()
        _ = try folder.write((0..<50).map { "line \($0) of the shop\n" }.joined(), to: "shop.log")
        let agent = try RunningAgent(["--config", try Self.configuration(folder, collector.address)])
        let isThere = try Self.wait {
            let lines = try Obs.run(
                "logs", "{job=\"app\"}", "--limit", "100", "--server", "http://\(collector.address)")
            let agents = try Self.agents(collector.address)
            return lines.output.contains("line 49 of the shop") && agents.first?["state"] as? String == "reporting"
        }
        #expect(isThere)
        kill(agent.process.processIdentifier, SIGKILL)
        agent.process.waitUntilExit()
        let isMissed = try Self.wait { try Self.agents(collector.address).first?["state"] as? String == "silent" }
        #expect(isMissed)
        let silent = try #require(try Self.agents(collector.address, lines: 20).first)
        #expect(silent["lastLines"] as? [String] == (30..<50).map { "line \($0) of the shop" })
        let name = try #require(silent["agent"] as? String)
        let listed = try Obs.run("agents", "--silent", "--server", "http://\(collector.address)")
        #expect(listed.code == 1)
        #expect(listed.output.contains("the last lines of \(name):\n  line 30 of the shop\n"))
        let metrics = try PlainClient(collector.address).request("GET", "/metrics").body
        #expect(metrics.contains("obs_agent_up{agent=\"\(name)\"} 0"))

        // One that comes back is there under its name, and one that ends is not missed.
        let again = try RunningAgent(["--config", try Self.configuration(folder, collector.address)])
        let isBack = try Self.wait { try Self.agents(collector.address).first?["state"] as? String == "reporting" }
        #expect(isBack)
        kill(again.process.processIdentifier, SIGTERM)
        again.process.waitUntilExit()
        let hasEnded = try Self.wait { try Self.agents(collector.address).first?["state"] as? String == "ended" }
        #expect(hasEnded)
        #expect(try Self.agents(collector.address).first?["agent"] as? String == name)
    }

    @Test func aChangedConfigurationIsTakenBySignalAndABadOneIsNot() throws {
        let data = try TemporaryFolder()
        let collector = try RunningObs(data: data.path)
        let folder = try TemporaryFolder()
        let path = try Self.configuration(folder, collector.address)
        let agent = try RunningAgent(["--config", path])
        #expect(try agent.get("/metrics").body.contains("node_load1 "))
        _ = try Self.configuration(folder, collector.address, more: "host: {collectors: {loadavg: false}}")
        kill(agent.process.processIdentifier, SIGHUP)
        _ = try agent.waitForLine(#""message":"reloaded""#)
        #expect(try !agent.get("/metrics").body.contains("node_load1 "))
        // What is written afterwards still comes, once.
        _ = try folder.write("after the reload\n", to: "new.log")
        let isThere = try Self.wait {
            try Obs.run("logs", "{job=\"app\"}", "--server", "http://\(collector.address)").output.contains(
                "after the reload")
        }
        #expect(isThere)
        _ = try Self.configuration(folder, collector.address, more: "nonsense: true")
        kill(agent.process.processIdentifier, SIGHUP)
        _ = try agent.waitForLine("cannot be put in force")
        #expect(try agent.get("/metrics").body.contains("node_memory_MemTotal_bytes"))
    }
}

import Foundation
import Testing

/// `obs up` as a newcomer starts it: real processes on ports that were free.
@Suite(.serialized) struct UpTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    @Test func theStoryOfAPageHappens() throws {
        let folder = try TemporaryFolder()
        let port = try String(Self.freePorts(11))
        let told = try Obs.run(
            "up", "--for", "10m", "--report", folder.path + "/report.json", "--files", Self.root, "--data",
            folder.path + "/data", "--listen", "127.0.0.1:0", "--first-port", port)
        let report = try #require(
            JSONSerialization.jsonObject(with: Data(folder.read("report.json").utf8)) as? [String: Any],
            "\(told.output)\(told.complaints)")
        let steps = try #require(report["steps"] as? [[String: Any]])
        #expect(report["happened"] as? Bool == true, "\(told.output)\(told.complaints)")
        #expect(steps.count == 6)
        for step in steps {
            #expect(step["happened"] as? Bool == true, "\(step["name"] ?? "")")
        }
        // The times are the proof's to judge: this machine may be busy with other tests.
        #expect(told.code == (report["in_time"] as? Bool == true ? 0 : 1))
        #expect(told.output.contains("Things to try:"))
        #expect(told.output.contains("http://127.0.0.1:\(port)/openapi.json"))
        #expect(told.output.contains("page to PagerDuty: MarketplaceServiceDown (critical)"))
        #expect(told.output.contains("resolved to PagerDuty: MarketplaceServiceDown (critical)"))
    }

    /// The short form of the proof of all twelve faults: the windows of the shipped rules are ten times shorter here.
    @Test func faultsReachThoseWhoShouldKnow() throws {
        let files = try TemporaryFolder()
        for name in ["agents", "dashboards"] {
            try FileManager.default.copyItem(atPath: "\(Self.root)/\(name)", toPath: "\(files.path)/\(name)")
        }
        try FileManager.default.createDirectory(
            atPath: files.path + "/rules/routing", withIntermediateDirectories: true)
        for name in ["rules/marketplace.yaml", "rules/routing/alertmanager.yaml"] {
            let shipped = try String(contentsOfFile: "\(Self.root)/\(name)", encoding: .utf8)
            let short = shipped.replacingOccurrences(of: "[2m]", with: "[20s]")
                .replacingOccurrences(of: "for: 20s", with: "for: 2s")
            _ = try files.write(short, to: name)
        }
        let faults = ["pool_exhaustion", "clock_skew", "payment_outage"]
        let told = try Obs.shell(
            "bash",
            "python3 \(Self.root)/scripts/faults.py --obs \(Obs.path) --files \(files.path) --quiet 5 --after 0 --only "
                + faults.joined(separator: ","))
        let rows = told.output.split(separator: "\n").map {
            $0.split(separator: "\t", omittingEmptySubsequences: false)
        }
        #expect(rows.compactMap { $0.first.map(String.init) } == ["quiet"] + faults, "\(told.output)\(told.complaints)")
        for row in rows.dropFirst() {
            #expect(Double(row[1]) != nil, "\(row[0]) was not told: \(told.output)")
            #expect(Double(row[2]) != nil, "\(row[0]) is not over: \(told.output)")
        }
    }

    @Test func whatIsMissingIsSaid() throws {
        let folder = try TemporaryFolder()
        let told = try Obs.run("up", "--files", folder.path, "--data", folder.path, "--for", "1s")
        #expect(told.code == 1)
        #expect(told.complaints.contains("say where they are with --files"))
    }

    @Test func aSecondOneOnTheSameDataIsRefused() throws {
        let folder = try TemporaryFolder()
        let first = try RunningObs(data: folder.path)
        let second = try Obs.run(
            "up", "--files", Self.root, "--listen", "127.0.0.1:0", "--data", folder.path, "--first-port",
            String(Self.freePorts(11)))
        #expect(second.code == 1)
        #expect(try first.end(with: SIGTERM) == 0)
    }

    /// The first of so many ports in a row that nobody listens on.
    private static func freePorts(_ count: Int) throws -> Int {
        let script = """
            import random, socket
            while True:
                first = random.randrange(20000, 30000, 10)
                try:
                    sockets = [socket.create_server(("127.0.0.1", first + number)) for number in range(\(count))]
                except OSError:
                    continue
                print(first)
                break
            """
        let python = try Obs.shell("bash", "python3 -c '\(script)'")
        return try #require(Int(python.output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}

import Foundation
import Testing

/// Debian's VictoriaMetrics and obs read each other's JSON lines, and it takes the load of the bench.
@Suite struct VictoriaMetricsPeerTests {
    private final class Peer {
        let address: String
        private let process = Process()

        init(folder: String) throws {
            address = "127.0.0.1:\(try RunningPrometheus.freePort())"
            process.executableURL = URL(filePath: "/usr/bin/victoria-metrics")
            process.arguments = [
                "-storageDataPath=\(folder)/vm", "-retentionPeriod=100y", "-httpListenAddr=\(address)",
                "-loggerLevel=ERROR",
            ]
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            let deadline = Date(timeIntervalSinceNow: RunningObs.patienceSeconds)
            while (try? get("/health"))?.status != 200 {  // until it listens there is nobody to answer
                try #require(Date() < deadline, "VictoriaMetrics does not answer")
                Thread.sleep(forTimeInterval: 0.02)
            }
        }

        deinit {
            if process.isRunning { kill(process.processIdentifier, SIGKILL) }
            process.waitUntilExit()
        }

        func get(_ path: String) throws -> PlainResponse { try PlainClient(address).request("GET", path) }
    }

    @Test func eachReadsTheLinesOfTheOther() throws {
        let folder = try TemporaryFolder()
        let peer = try Peer(folder: folder.path)
        let first = try RunningObs(data: folder.path + "/first")
        // Its version 1.79 has no form for what is no number.
        let lines = try folder.write(
            (0..<50).map { series in
                let times = (0..<20).map { String(1_700_000_000_000 + $0 * 15_000 + series) }.joined(separator: ",")
                let values = (0..<20).map { "\(Double($0 * series) / 100)" }.joined(separator: ",")
                return
                    #"{"metric":{"__name__":"m","i":"\#(series)","q":"a\"b\\c"},"values":[\#(values)],"timestamps":[\#(times)]}"#
            }.joined(separator: "\n"), to: "lines")
        #expect(try Obs.run("import", lines, "--server", "http://\(first.address)").code == 0)
        let ours = try Obs.run("export", "m", "--sort", "--server", "http://\(first.address)").output
        #expect(ours.split(separator: "\n").count == 50)
        let file = try folder.write(ours, to: "ours")
        let sent = try Obs.shell("bash", "curl -sf -T \(file) http://\(peer.address)/api/v1/import")
        #expect(sent.code == 0, "\(sent.complaints)")
        _ = try peer.get("/internal/force_flush")
        let theirs = try Obs.shell("bash", "curl -sfg 'http://\(peer.address)/api/v1/export?match[]=m'").output
        #expect(theirs.split(separator: "\n").count == 50)
        let second = try RunningObs(data: folder.path + "/second")
        let taken = try Obs.run(
            "import", try folder.write(theirs, to: "theirs"), "--server", "http://\(second.address)")
        #expect(taken.code == 0, "\(taken.complaints)")
        #expect(try Obs.run("export", "m", "--sort", "--server", "http://\(second.address)").output == ours)
    }

    @Test func theBenchMeasuresIt() throws {
        let folder = try TemporaryFolder()
        let peer = try Peer(folder: folder.path)
        let report = try Obs.run(
            "bench", "metrics", "--server", "http://\(peer.address)", "--query-path", "/prometheus", "--hosts", "1",
            "--duration", "5m", "--runs", "1", "-o", "json")
        #expect(report.code == 0, "\(report.output)\(report.complaints)")
        #expect(report.output.contains("\"samplesPerSecond\""))
    }
}

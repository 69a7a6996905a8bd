import Encoding
import Foundation
import Posix
import Testing

/// Data out of a collector and into another one, from the command line.
@Suite struct DataCommandTests {
    /// The series of the bench, without those that a collector records of itself.
    private static let nodes = #"{job="node"}"#

    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func json(_ finished: Finished) throws -> JSONValue {
        try #require(finished.code == 0, "\(finished.complaints)")
        return try JSONValue.parse(Array(finished.output.utf8).span)
    }

    private func obs(_ arguments: String..., at server: RunningObs? = nil) throws -> Finished {
        try Obs.run(arguments + (server.map { ["--server", "http://\($0.address)"] } ?? []))
    }

    /// 10 minutes of two hosts.
    private func load(_ server: RunningObs) throws -> JSONValue {
        try json(
            try obs(
                "bench", "metrics", "--hosts", "2", "--duration", "10m", "--connections", "2", "--runs", "1", "-o",
                "json",
                "--pid", "\(server.process.processIdentifier)", at: server))
    }

    @Test func aBenchLoadsACollectorAndMeasuresIt() throws {
        let server = try RunningObs(data: folder.path)
        let report = try load(server)
        let series = try #require(report["series"]?.int)
        #expect(series > 900)
        #expect(report["samples"]?.int == series * 40)
        #expect(report["cpuSecondsPerMillionSettled"]?.double ?? 0 > 0)
        #expect(report["queries"]?.elements?.allSatisfy { $0["msP50"] != nil } == true, "\(report)")
        let status = try json(try obs("status", "-o", "json", at: server))
        // A collector records its own metrics as well.
        #expect(status["series"]?.int ?? 0 >= series)
        #expect(status["samplesTaken"]?.int ?? 0 >= series * 40)
        let text = try obs("status", at: server)
        #expect(text.code == 0 && text.output.contains("samples/s"))
    }

    @Test func cardinalityNamesWhatIsLarge() throws {
        let server = try RunningObs(data: folder.path)
        _ = try load(server)
        let data = try json(try obs("cardinality", "-n", "50", "-o", "json", at: server))
        let largest = try #require(data["seriesCountByMetricName"]?.elements)
        #expect(largest.count == 50)
        #expect(largest.first { $0["name"]?.text == "node_cpu_seconds_total" }?["value"]?.int == 128)
        let table = try obs("cardinality", "-n", "50", at: server).output
        #expect(table.contains("metrics by series"))
        #expect(table.contains("node_cpu_seconds_total"))
    }

    @Test func whatIsExportedIsImportedElsewhere() throws {
        let server = try RunningObs(data: folder.path + "/a")
        _ = try load(server)
        let file = folder.path + "/all.jsonl.gz"
        #expect(try obs("export", Self.nodes, "--sort", "-o", file, at: server).code == 0)
        #expect(FileManager.default.contents(atPath: file)?.prefix(2) == Data([0x1f, 0x8b]))
        let other = try RunningObs(data: folder.path + "/b")
        let imported = try obs("import", file, at: other)
        #expect(imported.code == 0, "\(imported.complaints)")
        let first = try obs("export", Self.nodes, "--sort", at: server).output
        #expect(first.split(separator: "\n").count > 900)
        #expect(try obs("export", Self.nodes, "--sort", at: other).output == first)
    }

    @Test func aLineThatIsRefusedIsNamedByItsNumberInTheFile() throws {
        let server = try RunningObs(data: folder.path + "/a")
        let line = #"{"metric":{"__name__":"x"},"values":[1],"timestamps":[1700000000000]}"#
        let file = try folder.write([line, "", "nonsense", line].joined(separator: "\n"), to: "lines")
        let imported = try obs("import", file, at: server)
        #expect(imported.code == 1)
        #expect(imported.complaints.contains("\(file): 1 lines and 0 samples were refused"))
        #expect(imported.complaints.contains("line 3: it is no JSON"))
        #expect(try obs("export", "x", at: server).output == line + "\n")
    }

    @Test func aBackupUnderLoadAnswersElsewhereAsTheOriginal() throws {
        let server = try RunningObs(data: folder.path + "/a")
        _ = try obs("token", "create", "someone", "--data", folder.path + "/a")
        _ = try load(server)
        let before = try obs("export", Self.nodes, "later", "--sort", at: server).output
        let backup = folder.path + "/backup"
        let made = try json(try obs("backup", backup, "-o", "json", at: server))
        #expect(made["newParts"]?.int ?? 0 > 0)
        let later = (0..<100).map {
            #"{"metric":{"__name__":"later","i":"\#($0)"},"values":[\#($0)],"timestamps":[1700000000000]}"#
        }
        let file = try folder.write(later.joined(separator: "\n"), to: "later")
        #expect(try obs("import", file, at: server).code == 0)
        let again = try json(try obs("backup", backup, "-o", "json", at: server))
        #expect(again["newParts"]?.int ?? .max < again["parts"]?.int ?? 0)
        let verified = try obs("verify", backup)
        #expect(verified.code == 0, "\(verified.output)\(verified.complaints)")
        let restored = try obs("restore", backup, "--data", folder.path + "/b")
        #expect(restored.code == 0, "\(restored.complaints)")
        let other = try RunningObs(data: folder.path + "/b")
        let after = try obs("export", Self.nodes, "later", "--sort", at: server).output
        #expect(after != before)
        #expect(try obs("export", Self.nodes, "later", "--sort", at: other).output == after)
        #expect(try obs("token", "list", "--data", folder.path + "/b").output.contains("someone"))
        #expect(try obs("restore", backup, "--data", folder.path + "/b").complaints.contains("in use"))
    }

    @Test func aFlippedByteIsFoundItsPartNamedAndNothingRestored() throws {
        let server = try RunningObs(data: folder.path + "/a")
        _ = try load(server)
        let backup = folder.path + "/backup"
        #expect(try obs("backup", backup, at: server).code == 0)
        let parts = backup + "/metrics/parts"
        let part = try #require(
            try FileManager.default.contentsOfDirectory(atPath: parts).sorted().first {
                FileManager.default.fileExists(atPath: "\(parts)/\($0)/samples")
            })
        // A new file, because the old one is the collector's as well.
        let path = "\(parts)/\(part)/samples"
        var bytes = try #require(FileManager.default.contents(atPath: path))
        bytes[bytes.count / 2] ^= 1
        try FileManager.default.removeItem(atPath: path)
        try bytes.write(to: URL(filePath: path))
        let verified = try obs("verify", backup)
        #expect(verified.code == 1)
        #expect(verified.output.contains("part \(part): samples is corrupt: its checksum does not match"))
        let restored = try obs("restore", backup, "--data", folder.path + "/b")
        #expect(restored.code == 1)
        #expect(restored.output.contains("part \(part)"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/b/metrics"))
    }

    @Test func verifyLeavesAFolderAloneThatIsNotOurs() throws {
        let refused = try obs("verify", folder.path)
        #expect(refused.code == 1)
        #expect(refused.complaints.contains("is neither a backup nor a data directory"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
        #expect(try obs("verify", folder.path + "/nowhere").code == 1)
    }

    @Test func aFolderWithOtherThingsIsNotBackedUpInto() throws {
        let server = try RunningObs(data: folder.path + "/a")
        let refused = try obs("backup", folder.path, at: server)
        #expect(refused.code == 1)
        #expect(refused.complaints.contains("is neither empty nor a backup"))
    }
}

import Foundation
import TestSupport
import Testing

/// Logs into a collector, out of it and into another one.
@Suite struct LogCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func obs(_ arguments: String..., at server: RunningObs? = nil) throws -> Finished {
        try Obs.run(arguments + (server.map { ["--server", "http://\($0.address)"] } ?? []))
    }

    private static let lines = (0..<200).map {
        #"{"stream":{"app":"\#($0 % 2 == 0 ? "api" : "web")"},"ns":"1795219200000\#(String(format: "%06d", $0))","line":"order \#($0) of eve@example.org"}"#
    }

    private func loaded(_ name: String, _ arguments: String...) throws -> RunningObs {
        let server = try RunningObs(data: folder.path + "/" + name)
        let file = try folder.write(Self.lines.joined(separator: "\n") + "\n", to: "lines")
        let imported = try obs("import", "--logs", file, at: server)
        #expect(imported.code == 0, "\(imported.complaints)")
        return server
    }

    private func exported(_ server: RunningObs, _ selectors: String...) throws -> [String] {
        let finished = try Obs.run(
            ["export", "--logs", "--sort", "--server", "http://\(server.address)"] + selectors)
        #expect(finished.code == 0, "\(finished.complaints)")
        return finished.output.split(separator: "\n").map(String.init)
    }

    @Test func whatIsExportedIsImportedElsewhere() throws {
        let server = try loaded("a")
        #expect(try exported(server) == Self.lines)
        #expect(try exported(server, #"{app="web"}"#) == Self.lines.filter { $0.contains("web") })
        #expect(try exported(server, #"{app!="web"}"#) == Self.lines.filter { $0.contains("api") })
        let file = try folder.write("{}\n" + Self.lines[0] + "\nnonsense\n", to: "flawed")
        let refused = try obs("import", "--logs", file, at: server)
        #expect(refused.code == 1)
        #expect(refused.complaints.contains("line 1: ") && refused.complaints.contains("line 3: "))
        #expect(try exported(server).count == 201)
    }

    @Test func whatIsDeletedIsGone() throws {
        let server = try loaded("a")
        let answer = try server.post("/loki/api/v1/delete?query=%7Bapp%3D%22web%22%7D&start=0&end=1795219201")
        #expect(answer.status == 204, "\(answer.body)")
        #expect(try exported(server) == Self.lines.filter { $0.contains("api") })
        #expect(try server.post("/loki/api/v1/delete").status == 400)
    }

    @Test func aBackupHoldsLogsAndTheyAnswerElsewhere() throws {
        let server = try loaded("a")
        let backup = folder.path + "/backup"
        #expect(try obs("backup", backup, at: server).code == 0)
        let verified = try obs("verify", backup)
        #expect(verified.code == 0, "\(verified.output)\(verified.complaints)")
        #expect(try obs("restore", backup, "--data", folder.path + "/b").code == 0)
        let other = try RunningObs(data: folder.path + "/b")
        #expect(try exported(other) == Self.lines)
    }

    @Test func verifyNamesADamagedPartOfLogsAndTellsAllThatIsStored() throws {
        let server = try loaded("a")
        #expect(try server.post("/flush").status == 204)
        let dump = folder.path + "/dump"
        #expect(try obs("verify", folder.path + "/a", "--dump", dump).code == 0)
        let told = String(decoding: try #require(FileManager.default.contents(atPath: dump)), as: UTF8.self)
        #expect(told.contains("order 199 of eve@example.org") && told.contains("app=web"))
        let parts = folder.path + "/a/logs/parts"
        let part = try #require(
            try FileManager.default.contentsOfDirectory(atPath: parts).first {
                FileManager.default.fileExists(atPath: "\(parts)/\($0)/blocks")
            })
        var bytes = try #require(FileManager.default.contents(atPath: "\(parts)/\(part)/blocks"))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(filePath: "\(parts)/\(part)/blocks"))
        let verified = try obs("verify", folder.path + "/a")
        #expect(verified.code == 1 && verified.output.contains("part \(part): blocks is corrupt"))
    }
}

import Foundation
import Testing

/// Tokens and the audit trail from the command line.
@Suite struct LedgerCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func obs(_ line: String) throws -> Finished {
        let words = line.split(separator: " ").map(String.init)
        return try Obs.run(words + ["--data", folder.path])
    }

    @Test func aTokenIsShownOnceListedAndRevoked() throws {
        let created = try obs("token create --role ingest web-1")
        #expect(created.code == 0, "\(created.complaints)")
        #expect(created.output.wholeMatch(of: /obs_[A-Za-z0-9_-]{43}\n/) != nil)
        let secret = created.output.dropLast()

        let listed = try obs("token list")
        #expect(listed.output.contains("web-1"))
        #expect(listed.output.contains("ingest"))
        #expect(!listed.output.contains(secret))

        #expect(try obs("token revoke web-1").output == "web-1 is revoked\n")
        #expect(try !obs("token list").output.contains("web-1"))
        #expect(try obs("token list --all").output.contains("web-1"))
        let again = try obs("token revoke web-1")
        #expect(again.code == 1)
        #expect(again.complaints.contains("no token named 'web-1' is in use"))
    }

    @Test func tokensAreListedAsJSON() throws {
        _ = try obs("token create --role operate --requests-per-second 5 --bytes-per-second 1KB ada")
        let json = try JSONSerialization.jsonObject(with: Data(try obs("token list -o json").output.utf8))
        let tokens = try #require(json as? [[String: Any]])
        let ada = try #require(tokens.first)
        #expect(ada["name"] as? String == "ada")
        #expect(ada["role"] as? String == "operate")
        #expect(ada["requestsPerSecond"] as? Int == 5)
        #expect(ada["bytesPerSecond"] as? Int == 1024)
    }

    @Test func aMissingDataDirectoryIsTakenForAMistake() throws {
        let result = try Obs.run("token", "list", "--data", folder.path + "/nowhere")
        #expect(result.code == 1)
        #expect(result.complaints.contains("there is no data directory \(folder.path)/nowhere"))
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/nowhere"))
    }

    @Test func verifyFindsAnEntryThatWasChanged() throws {
        _ = try obs("token create web-1")
        let before = try obs("verify")
        #expect(before.code == 0, "\(before.output)")
        let head = try #require(before.output.firstMatch(of: /1 audit entries checked, head (1:[0-9a-f]{64})\n/)).1
        _ = try obs("token create web-2")
        #expect(try obs("verify --known \(head)").code == 0)
        #expect(try obs("verify --known 1:\(String(repeating: "0", count: 64))").code == 1)
        #expect(try obs("verify --known 1:00").code == 2)

        let change = "UPDATE audit SET principal = 'somebody else' WHERE sequence = 1"
        let script = """
            import sqlite3
            ledger = sqlite3.connect('\(folder.path)/ledger/ledger.db')
            ledger.execute("\(change)")
            ledger.commit()
            """
        let sqlite = try Obs.shell("python3", script)
        try #require(sqlite.code == 0, "\(sqlite.complaints)")
        let after = try obs("verify")
        #expect(after.code == 1)
        #expect(after.output.contains("entry 1 in the table was changed"))
    }
}

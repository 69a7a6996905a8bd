import Encoding
import Posix
import TestSupport
import Testing

@testable import Ingest

struct ScrapeFailureLogsTests {
    private let directory = TemporaryDirectory()

    private func lines() throws -> [JSONValue] {
        let bytes = try LocalFileSystem().readFile(directory.file("failures"), atMostBytes: 1 << 20)
        return try bytes.split(separator: 0x0a).map { line in
            let text = Array(line)
            return try JSONValue.parse(text.span)
        }
    }

    @Test func eachFailureIsALine() throws {
        let logs = ScrapeFailureLogs(time: ManualTime())
        let path = directory.file("failures")
        for target in ["http://a/metrics", "http://b/metrics"] {
            #expect(logs.write(to: path, job: "node", target: target, "connection \"refused\"\nhere") == nil)
        }
        let found = try lines()
        #expect(found.map { $0["target"]?.text } == ["http://a/metrics", "http://b/metrics"])
        #expect(found[0]["msg"]?.text == "connection \"refused\"\nhere" && found[0]["job_name"]?.text == "node")
        #expect(found[0]["time"]?.text == "2026-01-01T00:00:00.000Z" && found[0]["level"]?.text == "ERROR")
    }

    @Test func aFileThatCannotBeOpenedIsToldOnceUntilTheNextReload() throws {
        let logs = ScrapeFailureLogs(time: ManualTime())
        let path = directory.file("missing/failures")
        #expect(logs.write(to: path, job: "j", target: "t", "r") != nil)
        #expect(logs.write(to: path, job: "j", target: "t", "r") == nil)
        logs.reopen()
        #expect(logs.write(to: path, job: "j", target: "t", "r") != nil)
    }

    @Test func aFileThatWasRotatedIsMadeAnewAfterAReload() throws {
        let logs = ScrapeFailureLogs(time: ManualTime())
        let path = directory.file("failures")
        #expect(logs.write(to: path, job: "j", target: "old", "r") == nil)
        try LocalFileSystem().rename(path, to: path + ".1")
        logs.reopen()
        #expect(logs.write(to: path, job: "j", target: "new", "r") == nil)
        #expect(try lines().map { $0["target"]?.text } == ["new"])
    }
}

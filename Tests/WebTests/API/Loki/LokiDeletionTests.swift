import Encoding
import HTTP
import Ingest
import Model
import Posix
import Storage
import Telemetry
import TestSupport
import Testing
import Web

/// `logcli delete create`, `list` and `cancel`, as they ask.
@Suite struct LokiDeletionTests {
    private let directory = TemporaryDirectory()
    private let store = MemoryLogStore()
    private let time = ManualTime(wallMs: 7000)

    private func server() throws -> APIServer {
        try APIServer { [store, time, directory] _, pool, router in
            LogTransferAPI(
                LogIngestContext(store: store, registry: Registry(), time: time), pool: pool,
                deletions: directory.file("deletions.json")
            ).add(to: &router)
        }
    }

    private func load() throws {
        var batch = LogBatch()
        for app in ["a", "b"] {
            let stream = batch.appendStream(Labels([("app", app)]))
            for second in 1...4 as ClosedRange<Int64> {
                batch.append(second * 1_000_000_000, stream: stream, Array("\(app) \(second)".utf8).span)
            }
        }
        _ = try store.append(batch)
    }

    /// How many each stream has.
    private func entries() throws -> [String: Int] {
        let volumes = try store.volumes(LogSelectRequest(matchers: []))
        return Dictionary(uniqueKeysWithValues: volumes.map { ($0.stream["app"], $0.entries) })
    }

    @Test func whatWasDeletedIsGoneAndListedAlsoAfterARestart() throws {
        try load()
        let create = "/loki/api/v1/delete?query=%7Bapp%3D%22a%22%7D&start=2&end=3&max_interval=1h"
        #expect(try server().send(.post, create, []).status == .noContent)
        #expect(try entries() == ["a": 2, "b": 4])
        #expect(try server().send(.put, "/loki/api/v1/delete?query=%7Bapp%3D%22b%22%7D", []).status == .noContent)
        #expect(try entries() == ["a": 2])

        let restarted = try server()
        let answer = try restarted.get("/loki/api/v1/delete")
        #expect(answer.status == .ok)
        let requests = try #require(try JSONValue.parse(answer.body.span).elements)
        #expect(requests.map { $0["query"]?.text } == [#"{app="a"}"#, #"{app="b"}"#])
        #expect(requests.map { $0["status"]?.text } == ["processed", "processed"])
        #expect(requests.map { $0["created_at"]?.int } == [7, 7])
        #expect(requests.map { $0["start_time"]?.int } == [2, 0])
        #expect(requests[0]["end_time"]?.int == 3)

        let id = try #require(requests[0]["request_id"]?.text)
        let cancelled = try restarted.send(.delete, "/loki/api/v1/delete?request_id=\(id)&force=false", [])
        #expect(cancelled.status == .badRequest)
        #expect(
            cancelled.text == "deletion of request which is in process or already processed is not allowed\n")
        #expect(try restarted.send(.delete, "/loki/api/v1/delete?request_id=none", []).status == .notFound)
    }

    @Test func aFileOfAnotherFormIsAnEmptyListAndReplacedByTheNext() throws {
        try LocalFileSystem().replaceFile(directory.file("deletions.json"), with: Array("{\"version\":9".utf8).span)
        let server = try server()
        #expect(try server.get("/loki/api/v1/delete").text == "[]")
        #expect(try server.send(.post, "/loki/api/v1/delete?query=%7Bapp%3D%22a%22%7D", []).status == .noContent)
        let answer = try self.server().get("/loki/api/v1/delete")
        #expect(try JSONValue.parse(answer.body.span).elements?.count == 1)
    }

    @Test func onlyStreamsCanBeDeletedWithinARange() throws {
        let server = try server()
        for target in ["", "?query=%7Bapp%3D%22a%22%7D+%7C%3D+%22x%22", "?query=%7Bapp%3D%22a%22%7D&start=3&end=2"] {
            #expect(try server.send(.post, "/loki/api/v1/delete" + target, []).status == .badRequest)
        }
        #expect(try server.get("/loki/api/v1/delete").text == "[]")
    }
}

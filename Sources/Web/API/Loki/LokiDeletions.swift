import Encoding
import HTTP
import Posix

/// What was deleted, as Loki's clients list it, kept in a file over restarts. A deletion is in force when it is answered, so
/// none can be taken back.
final class LokiDeletions: Sendable {
    private struct Deletion: Sendable {
        var id: String
        var query: String
        var startSeconds: Int
        var endSeconds: Int
        var createdSeconds: Int
    }

    private let path: String
    private let deletions: Lock<[Deletion]>
    /// The oldest are forgotten.
    private static let kept = 1000
    private static let fileBytesMax = 64 << 20

    /// - Parameter path: of the file, which is made with the first deletion.
    init(_ path: String) {
        self.path = path
        deletions = Lock(Self.read(path))
    }

    /// What cannot be written is kept in memory and written with the next: the deletion itself is in the store.
    func note(_ query: String, startMs: Int64, endMs: Int64, nowMs: Int64) {
        let hash = Hash64.of(Array("\(query) \(startMs) \(endMs) \(nowMs)".utf8).span)
        let deletion = Deletion(
            id: String(hash & 0xffff_ffff, radix: 16), query: query, startSeconds: Self.seconds(startMs),
            endSeconds: Self.seconds(endMs), createdSeconds: Self.seconds(nowMs))
        deletions.withLock { all in
            if all.count >= Self.kept { all.removeFirst() }
            all.append(deletion)
            var writer = JSONWriter()
            writer.beginObject()
            writer.member("version", 1)
            writer.name("requests")
            Self.write(all, &writer)
            writer.endObject()
            try? LocalFileSystem().replaceFile(path, with: writer.bytes.span)  // see above
        }
    }

    /// What has no bound begins with the epoch and ends with the largest number that clients read.
    private static func seconds(_ ms: Int64) -> Int { Int(clamping: max(0, ms) / 1000) }

    func list(_ pending: PendingResponse) {
        var writer = JSONWriter()
        Self.write(deletions.withLock { $0 }, &writer)
        pending.send(.ok, writer.bytes.span, contentType: ContentType.json)
    }

    func cancel(_ id: String, _ pending: PendingResponse) {
        let isKnown = deletions.withLock { all in all.contains { $0.id == id } }
        pending.send(
            isKnown ? .badRequest : .notFound,
            isKnown
                ? "deletion of request which is in process or already processed is not allowed\n"
                : "could not find delete request with given id\n")
    }

    // MARK: as JSON, in the file as in answers

    private static func write(_ deletions: [Deletion], _ writer: inout JSONWriter) {
        writer.beginArray()
        for deletion in deletions {
            writer.beginObject()
            writer.member("request_id", deletion.id)
            writer.member("start_time", deletion.startSeconds)
            writer.member("end_time", deletion.endSeconds)
            writer.member("query", deletion.query)
            writer.member("status", "processed")
            writer.member("created_at", deletion.createdSeconds)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func read(_ path: String) -> [Deletion] {
        // A file that is missing or of another form says nothing; what was deleted stays away all the same.
        guard let bytes = try? LocalFileSystem().readFile(path, atMostBytes: fileBytesMax),  // see above
            let value = try? JSONValue.parse(bytes.span), value["version"]?.int == 1  // see above
        else { return [] }
        return (value["requests"]?.elements ?? []).suffix(kept).map { request in
            func seconds(_ name: String) -> Int { request[name]?.int ?? 0 }
            return Deletion(
                id: request["request_id"]?.text ?? "", query: request["query"]?.text ?? "",
                startSeconds: seconds("start_time"), endSeconds: seconds("end_time"),
                createdSeconds: seconds("created_at"))
        }
    }
}

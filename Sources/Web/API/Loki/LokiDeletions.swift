import Encoding
import HTTP
import Posix

/// What was deleted since the start, as Loki's clients list it. A deletion is in force when it is answered, so none can be
/// taken back.
final class LokiDeletions: Sendable {
    private struct Deletion: Sendable {
        var id: String
        var query: String
        var startMs: Int64
        var endMs: Int64
        var createdMs: Int64
    }

    private let deletions = Lock<[Deletion]>([])
    /// The oldest are forgotten.
    private static let kept = 1000

    func note(_ query: String, startMs: Int64, endMs: Int64, nowMs: Int64) {
        let hash = Hash64.of(Array("\(query) \(startMs) \(endMs) \(nowMs)".utf8).span)
        let id = String(hash & 0xffff_ffff, radix: 16)
        deletions.withLock { all in
            if all.count == Self.kept { all.removeFirst() }
            all.append(Deletion(id: id, query: query, startMs: startMs, endMs: endMs, createdMs: nowMs))
        }
    }

    func list(_ pending: PendingResponse) {
        var writer = JSONWriter()
        writer.beginArray()
        for deletion in deletions.withLock({ $0 }) {
            writer.beginObject()
            writer.member("request_id", deletion.id)
            writer.member("start_time", Self.seconds(deletion.startMs))
            writer.member("end_time", Self.seconds(deletion.endMs))
            writer.member("query", deletion.query)
            writer.member("status", "processed")
            writer.member("created_at", Self.seconds(deletion.createdMs))
            writer.endObject()
        }
        writer.endArray()
        pending.send(.ok, writer.bytes.span, contentType: ContentType.json)
    }

    /// What has no bound begins with the epoch and ends with the largest number that clients read.
    private static func seconds(_ ms: Int64) -> Int { Int(clamping: max(0, ms) / 1000) }

    func cancel(_ id: String, _ pending: PendingResponse) {
        let isKnown = deletions.withLock { all in all.contains { $0.id == id } }
        pending.send(
            isKnown ? .badRequest : .notFound,
            isKnown
                ? "deletion of request which is in process or already processed is not allowed\n"
                : "could not find delete request with given id\n")
    }
}

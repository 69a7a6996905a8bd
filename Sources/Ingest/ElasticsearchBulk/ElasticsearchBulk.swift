import Encoding
package import HTTP
import Model
import Posix
package import Storage

/// Elasticsearch's `_bulk`, as its client libraries, Filebeat, Logstash, Vector and Fluent Bit use it: documents to create
/// or index are kept as they are, each answered for itself.
///
/// A document belongs to the stream `{index="<index>"}` and what fields `_stream_fields` of the address adds; its time
/// is that of `@timestamp`, or of the field that `_time_field` names.
package struct ElasticsearchBulk: LogIngestProtocol {
    /// Clients of version 8 go on only where an answer carries it.
    package static let productField = (name: "X-Elastic-Product", value: "Elasticsearch")

    /// What `/` answers to clients that look first whom they speak with.
    package static var greeting: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("name", "obs")
        writer.member("cluster_name", "obs")
        writer.member("cluster_uuid", "obs")
        writer.name("version")
        writer.beginObject()
        writer.member("number", "8.17.0")
        writer.member("build_flavor", "default")
        writer.member("build_type", "tar")
        writer.member("lucene_version", "9.12.0")
        writer.member("minimum_wire_compatibility_version", "7.17.0")
        writer.member("minimum_index_compatibility_version", "7.0.0")
        writer.endObject()
        writer.member("tagline", "You Know, for Search")
        writer.endObject()
        return writer.bytes
    }

    private let intake: LogIntake
    private let limits: LogIngestLimits
    private let time: any TimeSource

    package init(_ context: LogIngestContext) {
        intake = LogIntake("elasticsearch", context)
        limits = context.limits
        time = context.time
    }

    package func add(to router: inout Router) {
        for (path, isNamed) in [("/_bulk", false), ("/:index/_bulk", true)] {
            for method in [Method.post, .put] {
                router.add(method, path, role: .ingest, bodyBytesMax: limits.bodyBytesMax) { request, response in
                    response.fields.append(Self.productField.name, Self.productField.value)
                    do throws(RequestRefusal) {
                        let index = isNamed ? request.parameter("index") : "logs"
                        response.send(try answer(request, index: index), contentType: ContentType.json)
                    } catch {
                        response.refuseWithRetry(error)
                    }
                }
            }
        }
    }

    private func answer(_ request: borrowing Request, index: String) throws(RequestRefusal) -> [UInt8] {
        let startNs = time.monotonicNs
        var reader = LogLineReader(request, timeField: "@timestamp", nowNs: time.wallMs * 1_000_000)
        var bulk = BulkRequest(index: index)
        var batch = LogBatch()
        do throws(BulkError) {
            try bulk.read(request.body, &reader, into: &batch)
        } catch {
            throw RequestRefusal(.badRequest, "\(error)")
        }
        batch.identity = try intake.identity(of: request)
        let outcome = try intake.take(batch)
        return bulk.answer(outcome, tookMs: (time.monotonicNs - startNs) / 1_000_000)
    }
}

/// Why a body is no bulk request, as a sentence.
package struct BulkError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// A bulk request: what it asks for, item by item.
package struct BulkRequest {
    private struct Item {
        var action: String
        var index: String
        var id: String
        /// In the batch; nil where the item is refused.
        var entry: Int?
        var flaw = ""
    }

    private let index: String
    private var items: [Item] = []

    package init(index: String) { self.index = index }

    package mutating func read(
        _ body: Span<UInt8>, _ reader: inout LogLineReader, into batch: inout LogBatch
    ) throws(BulkError) {
        var start = 0
        while let line = Self.nextLine(body, &start) {
            var item = try action(body.extracting(line), number: items.count + 1)
            if item.action == "delete" {
                item.flaw = "logs are not deleted one by one"
            } else {
                guard let document = Self.nextLine(body, &start) else {
                    throw BulkError("item \(items.count + 1) has no document")
                }
                if item.action == "update" {
                    item.flaw = "logs are not updated"
                } else if reader.append(
                    body.extracting(document), base: [(name: "index", value: item.index)], to: &batch)
                {
                    item.entry = batch.entries.count - 1
                } else {
                    item.flaw = "the document is no JSON object"
                }
            }
            items.append(item)
        }
    }

    /// The next line that is not empty.
    private static func nextLine(_ body: Span<UInt8>, _ start: inout Int) -> Range<Int>? {
        while start < body.count {
            let lineStart = start
            let end = body.offset(of: 0x0a, from: start) ?? body.count
            start = end + 1
            let last = end > lineStart && body[end - 1] == 0x0d ? end - 1 : end
            if last > lineStart { return lineStart..<last }
        }
        return nil
    }

    /// Reads `{"create": {"_index": "logs", "_id": "1"}}`.
    private func action(_ line: Span<UInt8>, number: Int) throws(BulkError) -> Item {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(line)
        } catch {
            throw BulkError("the action of item \(number) is \(error)")
        }
        guard let member = value.members?.first, value.members?.count == 1,
            ["create", "index", "update", "delete"].contains(member.name)
        else { throw BulkError("item \(number) begins with no action: create, index, update or delete") }
        return Item(
            action: member.name, index: member.value["_index"]?.text ?? index, id: member.value["_id"]?.text ?? "")
    }

    package func answer(_ outcome: LogAppendOutcome, tookMs: Int64) -> [UInt8] {
        var refused: [Int: LogAppendOutcome.Reason] = [:]
        for refusal in outcome.refusals { refused[refusal.entry] = refusal.reason }
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("took")
        writer.number(Int(tookMs))
        writer.name("errors")
        writer.bool(!refused.isEmpty || items.contains { $0.entry == nil })
        writer.name("items")
        writer.beginArray()
        for item in items {
            writer.beginObject()
            writer.name(item.action)
            writer.beginObject()
            writer.name("_index")
            writer.string(item.index)
            writer.name("_id")
            writer.string(item.id)
            let reason = item.entry.flatMap { refused[$0] }
            if item.entry != nil && reason == nil {
                writer.name("_version")
                writer.number(1)
                writer.name("result")
                writer.string("created")
                writer.name("status")
                writer.number(201)
            } else {
                writer.name("status")
                writer.number(reason == .tooManyStreams ? 429 : 400)
                writer.name("error")
                writer.beginObject()
                writer.name("type")
                writer.string("illegal_argument_exception")
                writer.name("reason")
                writer.string(reason == nil ? item.flaw : outcome.sentence)
                writer.endObject()
            }
            writer.endObject()
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }
}

package import Encoding
package import HTTP
import Model
import Posix
package import Storage

/// Spans by OTLP over HTTP, protobuf and JSON: each is one entry of the stream of its service, a line of JSON with the ids,
/// the name, `duration_ns`, the status and the attributes as fields, at the time when it began.
package struct OTLPTraces: LogIngestProtocol {
    private let intake: LogIntake
    private let limits: LogIngestLimits

    package init(_ context: LogIngestContext) {
        intake = LogIntake("otlp_traces", context)
        limits = context.limits
    }

    package func add(to router: inout Router) {
        router.post("/v1/traces", role: .ingest, bodyBytesMax: limits.bodyBytesMax) { request, response in
            OTLPAnswer.give(request, &response, intake, rejectedName: "rejectedSpans") {
                (body, isJSON) throws(OTLPExportError) in
                var batch = OTLPSpanBatch()
                if isJSON { try batch.readJSON(body) } else { try batch.readProtobuf(body) }
                return batch.batch
            }
        }
    }
}

/// Spans of an export on their way into a batch.
package struct OTLPSpanBatch: OTLPExport {
    package static let messageName = "ExportTraceServiceRequest"
    package static let listNames = (resources: "resourceSpans", scopes: "scopeSpans", records: "spans")

    package private(set) var batch = LogBatch()
    private var stream = OTLPStream([])
    private var streamIndex = 0
    private var scopeName = ""

    /// What tells spans from logs of the same service.
    private static let base = [(name: "telemetry", value: "traces")]

    private static let kinds = ["unspecified", "internal", "server", "client", "producer", "consumer"]
    private static let statuses = ["unset", "ok", "error"]

    struct Event {
        var timeNs: Int64 = 0
        var name = ""
        var attributes: [JSONMember] = []
    }

    struct FinishedSpan {
        /// Hexadecimal.
        var traceID = ""
        var spanID = ""
        var parentSpanID = ""
        var name = ""
        var kind = 0
        var startNs: Int64 = 0
        var endNs: Int64 = 0
        var attributes: [JSONMember] = []
        var events: [Event] = []
        var status = 0
        var statusMessage = ""
    }

    package init() {}

    package mutating func begin(resource: [JSONMember]) {
        stream = OTLPStream(resource, base: Self.base)
        streamIndex = batch.appendStream(stream.labels)
    }

    package mutating func begin(scope: [JSONMember]) {
        scopeName = scope.first { $0.name == "scope_name" }?.value.text ?? ""
    }

    package mutating func append(_ record: consuming ProtobufReader) throws(DecodeError) {
        append(try Self.span(record))
    }

    package mutating func append(_ record: JSONValue) { append(Self.span(record)) }

    private mutating func append(_ span: FinishedSpan) {
        var writer = JSONWriter()
        writer.beginObject()
        for (name, text) in [
            ("trace_id", span.traceID), ("span_id", span.spanID), ("parent_span_id", span.parentSpanID),
            ("name", span.name), ("scope", scopeName),
        ] where !text.isEmpty { writer.member(name, text) }
        writer.member("kind", Self.kinds.indices.contains(span.kind) ? Self.kinds[span.kind] : "\(span.kind)")
        writer.member("duration_ns", Int(max(0, span.endNs &- span.startNs)))
        writer.member(
            "status", Self.statuses.indices.contains(span.status) ? Self.statuses[span.status] : "\(span.status)")
        if !span.statusMessage.isEmpty { writer.member("status_message", span.statusMessage) }
        write("attributes", span.attributes, to: &writer)
        write("resource", stream.rest, to: &writer)
        if !span.events.isEmpty { write(span.events, to: &writer) }
        writer.endObject()
        batch.append(span.startNs, stream: streamIndex, writer.bytes.span)
    }

    private func write(_ name: String, _ attributes: [JSONMember], to writer: inout JSONWriter) {
        guard !attributes.isEmpty else { return }
        writer.name(name)
        writer.value(.object(attributes))
    }

    private func write(_ events: [Event], to writer: inout JSONWriter) {
        writer.name("events")
        writer.beginArray()
        for event in events {
            writer.beginObject()
            writer.member("time_ns", Int(event.timeNs))
            writer.member("name", event.name)
            write("attributes", event.attributes, to: &writer)
            writer.endObject()
        }
        writer.endArray()
    }

    private static func span(_ message: consuming ProtobufReader) throws(DecodeError) -> FinishedSpan {
        var span = FinishedSpan()
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(1): span.traceID = Hexadecimal.string(try message.readBytes())
            case .bytes(2): span.spanID = Hexadecimal.string(try message.readBytes())
            case .bytes(4): span.parentSpanID = Hexadecimal.string(try message.readBytes())
            case .bytes(5): span.name = try message.readBytes().text
            case .varint(6): span.kind = Int(clamping: try message.readVarint())
            case .fixed64(7): span.startNs = Int64(bitPattern: try message.readFixed64())
            case .fixed64(8): span.endNs = Int64(bitPattern: try message.readFixed64())
            case .bytes(9): span.attributes.append(try OTLPValue.member(message.readMessage()))
            case .bytes(11): span.events.append(try event(message.readMessage()))
            case .bytes(15): try readStatus(message.readMessage(), &span)
            default: try message.skip(tag)
            }
        }
        return span
    }

    private static func event(_ message: consuming ProtobufReader) throws(DecodeError) -> Event {
        var event = Event()
        while let tag = try message.nextTag() {
            switch tag {
            case .fixed64(1): event.timeNs = Int64(bitPattern: try message.readFixed64())
            case .bytes(2): event.name = try message.readBytes().text
            case .bytes(3): event.attributes.append(try OTLPValue.member(message.readMessage()))
            default: try message.skip(tag)
            }
        }
        return event
    }

    private static func readStatus(
        _ message: consuming ProtobufReader, _ span: inout FinishedSpan
    ) throws(DecodeError) {
        while let tag = try message.nextTag() {
            switch tag {
            case .bytes(2): span.statusMessage = try message.readBytes().text
            case .varint(3): span.status = Int(clamping: try message.readVarint())
            default: try message.skip(tag)
            }
        }
    }

    private static func span(_ json: JSONValue) -> FinishedSpan {
        var span = FinishedSpan()
        span.traceID = (json["traceId"]?.text ?? "").lowercased()
        span.spanID = (json["spanId"]?.text ?? "").lowercased()
        span.parentSpanID = (json["parentSpanId"]?.text ?? "").lowercased()
        span.name = json["name"]?.text ?? ""
        span.kind = Int(clamping: OTLPValue.signed(json["kind"]) ?? 0)
        span.startNs = OTLPValue.signed(json["startTimeUnixNano"]) ?? 0
        span.endNs = OTLPValue.signed(json["endTimeUnixNano"]) ?? 0
        span.attributes = OTLPValue.attributes(json["attributes"])
        span.events = (json["events"]?.elements ?? []).map { event in
            Event(
                timeNs: OTLPValue.signed(event["timeUnixNano"]) ?? 0, name: event["name"]?.text ?? "",
                attributes: OTLPValue.attributes(event["attributes"]))
        }
        span.status = Int(clamping: OTLPValue.signed(json["status"]?["code"]) ?? 0)
        span.statusMessage = json["status"]?["message"]?.text ?? ""
        return span
    }
}

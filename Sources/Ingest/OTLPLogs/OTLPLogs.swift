package import Encoding
package import HTTP
import Model
import Posix
package import Storage

/// Logs by OTLP over HTTP, protobuf and JSON, as every SDK of OpenTelemetry and its collector send them. A record's body
/// is the line; its attributes, severity and ids, and what of the resource makes no label, are its metadata.
package struct OTLPLogs: LogIngestProtocol {
    private let intake: LogIntake
    private let limits: LogIngestLimits
    private let time: any TimeSource

    package init(_ context: LogIngestContext) {
        intake = LogIntake("otlp", context)
        limits = context.limits
        time = context.time
    }

    package func add(to router: inout Router) {
        for path in ["/v1/logs", "/otlp/v1/logs"] {
            router.post(path, role: .ingest, bodyBytesMax: limits.bodyBytesMax) { request, response in
                OTLPAnswer.give(request, &response, intake, rejectedName: "rejectedLogRecords") {
                    (body, isJSON) throws(OTLPExportError) in
                    var batch = OTLPLogBatch(nowNs: time.wallMs * 1_000_000)
                    if isJSON { try batch.readJSON(body) } else { try batch.readProtobuf(body) }
                    return batch.batch
                }
            }
        }
    }
}

/// What both exports answer.
enum OTLPAnswer {
    static func give(
        _ request: borrowing Request, _ response: inout Response, _ intake: LogIntake, rejectedName: String,
        _ read: (_ body: Span<UInt8>, _ isJSON: Bool) throws(OTLPExportError) -> LogBatch
    ) {
        let isJSON = request.hasContentType("application/json")
        do throws(RequestRefusal) {
            guard isJSON || request.hasContentType("application/x-protobuf") else {
                throw RequestRefusal(
                    .unsupportedMediaType, "the Content-Type is neither application/x-protobuf nor application/json")
            }
            var batch: LogBatch
            do throws(OTLPExportError) {
                batch = try read(request.body, isJSON)
            } catch {
                throw RequestRefusal(.badRequest, "\(error)")
            }
            batch.identity = try intake.identity(of: request)
            let outcome = try intake.take(batch)
            if isJSON {
                response.send(json(outcome, rejectedName), contentType: ContentType.json)
            } else {
                response.send(protobuf(outcome), contentType: "application/x-protobuf")
            }
        } catch {
            response.refuseWithRetry(error)
        }
    }

    /// `partial_success` where entries were refused.
    private static func protobuf(_ outcome: LogAppendOutcome) -> [UInt8] {
        var writer = ProtobufWriter()
        if !outcome.refusals.isEmpty {
            writer.message(1) {
                $0.int64(1, Int64(outcome.refusals.count))
                $0.string(2, outcome.sentence)
            }
        }
        return writer.bytes
    }

    private static func json(_ outcome: LogAppendOutcome, _ rejectedName: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        if !outcome.refusals.isEmpty {
            writer.name("partialSuccess")
            writer.beginObject()
            writer.member(rejectedName, "\(outcome.refusals.count)")
            writer.member("errorMessage", outcome.sentence)
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }
}

/// Records of an export on their way into a batch.
package struct OTLPLogBatch: OTLPExport {
    package static let messageName = "ExportLogsServiceRequest"
    package static let listNames = (resources: "resourceLogs", scopes: "scopeLogs", records: "logRecords")

    package private(set) var batch = LogBatch()
    private let nowNs: Int64
    private var stream = OTLPStream([])
    private var streamIndex = 0
    private var scope: [JSONMember] = []

    struct Record {
        var timeNs: Int64 = 0
        var observedNs: Int64 = 0
        var severityNumber: Int64 = 0
        var severityText = ""
        var body = JSONValue.null
        var attributes: [JSONMember] = []
        var flags: Int64 = 0
        /// Hexadecimal.
        var traceID = ""
        var spanID = ""
        var eventName = ""
    }

    package init(nowNs: Int64) { self.nowNs = nowNs }

    package mutating func begin(resource: [JSONMember]) {
        stream = OTLPStream(resource)
        streamIndex = batch.appendStream(stream.labels)
    }

    package mutating func begin(scope: [JSONMember]) { self.scope = scope }

    package mutating func append(_ record: consuming ProtobufReader) throws(DecodeError) {
        append(try Self.record(record))
    }

    package mutating func append(_ record: JSONValue) { append(Self.record(record)) }

    private mutating func append(_ record: Record) {
        var builder = LabelsBuilder()
        for attribute in stream.rest + scope + record.attributes {
            builder.set(LogLabelName.of(attribute.name), OTLPValue.text(attribute.value))
        }
        for (name, value) in [
            ("severity_text", record.severityText), ("trace_id", record.traceID), ("span_id", record.spanID),
            ("event_name", record.eventName),
        ] where !value.isEmpty { builder.set(name, value) }
        if record.severityNumber != 0 { builder.set("severity_number", "\(record.severityNumber)") }
        if record.flags != 0 { builder.set("flags", "\(record.flags)") }
        let line = Array(OTLPValue.text(record.body).utf8)
        let timeNs = record.timeNs != 0 ? record.timeNs : record.observedNs != 0 ? record.observedNs : nowNs
        batch.append(timeNs, stream: streamIndex, line.span, metadata: builder.labels())
    }

    private static func record(_ message: consuming ProtobufReader) throws(DecodeError) -> Record {
        var record = Record()
        while let tag = try message.nextTag() {
            switch tag {
            case .fixed64(1): record.timeNs = Int64(bitPattern: try message.readFixed64())
            case .varint(2): record.severityNumber = Int64(bitPattern: try message.readVarint())
            case .bytes(3): record.severityText = try message.readBytes().text
            case .bytes(5): record.body = try OTLPValue.value(message.readMessage())
            case .bytes(6): record.attributes.append(try OTLPValue.member(message.readMessage()))
            case .fixed32(8): record.flags = Int64(try message.readFixed32())
            case .bytes(9): record.traceID = Hexadecimal.string(try message.readBytes())
            case .bytes(10): record.spanID = Hexadecimal.string(try message.readBytes())
            case .fixed64(11): record.observedNs = Int64(bitPattern: try message.readFixed64())
            case .bytes(12): record.eventName = try message.readBytes().text
            default: try message.skip(tag)
            }
        }
        return record
    }

    private static func record(_ json: JSONValue) -> Record {
        var record = Record()
        record.timeNs = OTLPValue.signed(json["timeUnixNano"]) ?? 0
        record.observedNs = OTLPValue.signed(json["observedTimeUnixNano"]) ?? 0
        record.severityNumber = OTLPValue.signed(json["severityNumber"]) ?? 0
        record.severityText = json["severityText"]?.text ?? ""
        record.body = OTLPValue.plain(json["body"] ?? .null)
        record.attributes = OTLPValue.attributes(json["attributes"])
        record.flags = OTLPValue.signed(json["flags"]) ?? 0
        record.traceID = (json["traceId"]?.text ?? "").lowercased()
        record.spanID = (json["spanId"]?.text ?? "").lowercased()
        record.eventName = json["eventName"]?.text ?? ""
        return record
    }
}

import Encoding
package import HTTP
import Model
import Posix
package import Storage

/// Amazon Data Firehose's delivery to an HTTP endpoint. Records of a CloudWatch Logs subscription become one entry for
/// each of their events, with log group and log stream as labels; any other record is lines of text.
package struct Firehose: LogIngestProtocol {
    private let intake: LogIntake
    private let limits: LogIngestLimits
    private let time: any TimeSource

    package init(_ context: LogIngestContext) {
        intake = LogIntake("firehose", context)
        limits = context.limits
        time = context.time
    }

    package func add(to router: inout Router) {
        router.post("/insert/firehose", role: .ingest, bodyBytesMax: limits.bodyBytesMax) { request, response in
            let requestID = request.headerText("x-amz-firehose-request-id") ?? ""
            do throws(RequestRefusal) {
                var delivery = FirehoseDelivery(
                    bytesMax: limits.expandedBytesMax,
                    attributes: request.headerText("x-amz-firehose-common-attributes"),
                    nowNs: time.wallMs * 1_000_000)
                do throws(FirehoseError) {
                    try delivery.read(request.body)
                } catch {
                    throw RequestRefusal(.badRequest, "\(error)")
                }
                try intake.takeWhole(delivery.batch, of: request)
                response.send(answer(requestID, nil), contentType: ContentType.json)
            } catch {
                response.status = error.status
                response.send(answer(requestID, error.reason), contentType: ContentType.json)
            }
        }
    }

    /// What Firehose insists on: the id of the request, given back, and why it is to come again.
    private func answer(_ requestID: String, _ error: String?) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("requestId", requestID)
        writer.member("timestamp", Int(time.wallMs))
        if let error { writer.member("errorMessage", error) }
        writer.endObject()
        return writer.bytes
    }
}

/// Why a body is no delivery, as a sentence.
package struct FirehoseError: Error, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// The records of a delivery on their way into a batch.
package struct FirehoseDelivery {
    package private(set) var batch = LogBatch()
    private let bytesMax: Int
    private let nowNs: Int64
    private var base: [(name: String, value: String)] = []
    private var streams: [Labels: Int] = [:]

    package init(bytesMax: Int, attributes: String?, nowNs: Int64) {
        self.bytesMax = bytesMax
        self.nowNs = nowNs
        let header = Array((attributes ?? "").utf8)
        guard let json = try? JSONValue.parse(header.span) else { return }  // without them there are no more labels
        for member in json["commonAttributes"]?.members ?? [] {
            if let text = member.value.text { base.append((LogLabelName.of(member.name), text)) }
        }
    }

    package mutating func read(_ body: Span<UInt8>) throws(FirehoseError) {
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(body)
        } catch {
            throw FirehoseError("\(error)")
        }
        guard let records = value["records"]?.elements else { throw FirehoseError("the body has no list \"records\"") }
        let timeNs = value["timestamp"]?.int.map { LogTime.ns(sized: Int64($0)) } ?? nowNs
        var left = bytesMax
        for (index, record) in records.enumerated() {
            guard let text = record["data"]?.text, let data = Self.base64(text) else {
                throw FirehoseError("records[\(index)] has no data in base64")
            }
            let plain = try Self.unpacked(data, bytesMax: left, index)
            left -= plain.count
            try append(plain, timeNs)
        }
    }

    private static func base64(_ text: String) -> [UInt8]? {
        let bytes = Array(text.utf8)
        return try? Base64.standard.decode(bytes.span)  // the sentence of the caller says what is missing
    }

    private static func unpacked(
        _ data: [UInt8], bytesMax: Int, _ index: Int
    ) throws(FirehoseError) -> [UInt8] {
        guard data.starts(with: [0x1f, 0x8b]) else { return data }
        var plain: [UInt8] = []
        do throws(CompressionError) {
            var decompressor = try GzipBodyDecompressor()
            try decompressor.decompress(
                data.span, .gzip, limit: ExpansionLimit(bytesMax: bytesMax, ratioMax: 1000), appendingTo: &plain)
        } catch {
            throw FirehoseError("records[\(index)]: \(error)")
        }
        return plain
    }

    private mutating func append(_ data: [UInt8], _ timeNs: Int64) throws(FirehoseError) {
        // What is no JSON is text.
        if data.first == UInt8(ascii: "{"), let json = try? JSONValue.parse(data.span),  // as said
            let events = json["logEvents"]?.elements
        {
            // A control message says that the subscription works.
            if json["messageType"]?.text == "CONTROL_MESSAGE" { return }
            let stream = stream([
                ("log_group", json["logGroup"]?.text ?? ""), ("log_stream", json["logStream"]?.text ?? ""),
                ("owner", json["owner"]?.text ?? ""),
            ])
            for event in events {
                let line = Array((event["message"]?.text ?? "").utf8)
                let ms = event["timestamp"]?.int.map { Int64($0) }
                batch.append(ms.map { $0 &* 1_000_000 } ?? timeNs, stream: stream, line.span)
            }
            return
        }
        let stream = stream([("source", "firehose")])
        for line in data.split(separator: 0x0a) {
            let line = Array(line)
            batch.append(timeNs, stream: stream, line.span)
        }
    }

    private mutating func stream(_ pairs: [(name: String, value: String)]) -> Int {
        let labels = Labels(base + pairs)
        if let known = streams[labels] { return known }
        let stream = batch.appendStream(labels)
        streams[labels] = stream
        return stream
    }
}

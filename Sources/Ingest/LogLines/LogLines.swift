import Encoding
package import HTTP
import Model
import Posix
package import Storage

/// Lines of JSON, one object each, kept as they are. The parameters say which fields make the stream and the time, by
/// the names that VictoriaLogs' clients know: `_stream_fields=service,host&_time_field=ts`.
///
/// Without them a line belongs to the stream `{source="jsonline"}`; without a time that can be read it gets that of its
/// arrival.
package struct LogLines: LogIngestProtocol {
    private let intake: LogIntake
    private let limits: LogIngestLimits
    private let time: any TimeSource

    package init(_ context: LogIngestContext) {
        intake = LogIntake("jsonline", context)
        limits = context.limits
        time = context.time
    }

    package func add(to router: inout Router) {
        router.post("/insert/jsonline", role: .ingest, bodyBytesMax: limits.bodyBytesMax) { request, response in
            do throws(RequestRefusal) {
                var reader = LogLineReader(request, timeField: "_time", nowNs: time.wallMs * 1_000_000)
                var batch = LogBatch()
                let skipped = reader.read(request.body, into: &batch)
                let accepted = try intake.takeWhole(batch, of: request)
                if skipped > 0 {
                    throw RequestRefusal(
                        .badRequest,
                        "\(skipped) lines are no JSON objects and were refused, \(accepted) were taken")
                }
                response.send(.noContent)
            } catch {
                response.refuseWithRetry(error)
            }
        }
    }
}

/// Takes bodies of JSON lines apart.
package struct LogLineReader {
    private let streamFields: [[UInt8]]
    private let timeFields: [[UInt8]]
    private let nowNs: Int64
    private var fields = LogFields()
    private var streams: [Labels: Int] = [:]

    /// As the parameters of a request say.
    ///
    /// - Parameter timeField: where they do not name one.
    init(_ request: borrowing Request, timeField: String, nowNs: Int64) {
        func list(_ text: String) -> [String] { text.split(separator: ",").map(String.init) }
        self.init(
            streamFields: list(request.value("_stream_fields") ?? ""),
            timeFields: list(request.value("_time_field") ?? timeField), nowNs: nowNs)
    }

    package init(streamFields: [String], timeFields: [String], nowNs: Int64) {
        self.streamFields = streamFields.map { Array($0.utf8) }
        self.timeFields = timeFields.map { Array($0.utf8) }
        self.nowNs = nowNs
    }

    /// - Returns: how many lines are no JSON objects.
    package mutating func read(_ body: Span<UInt8>, into batch: inout LogBatch) -> Int {
        var skipped = 0
        var start = 0
        while start < body.count {
            let end = body.offset(of: 0x0a, from: start) ?? body.count
            var last = end
            if last > start, body[last - 1] == 0x0d { last -= 1 }
            if last > start, !append(body.extracting(start..<last), to: &batch) { skipped += 1 }
            start = end + 1
        }
        return skipped
    }

    /// Adds one line; false where it is no JSON object.
    ///
    /// - Parameter base: labels of the stream beside those that fields give.
    package mutating func append(
        _ line: Span<UInt8>, base: [(name: String, value: String)] = [], to batch: inout LogBatch
    ) -> Bool {
        fields.scan(line)
        guard fields.format == .json else { return false }
        var builder = LabelsBuilder()
        for label in base { builder.set(label.name, label.value) }
        var timestampNs: Int64?
        var name: [UInt8] = []
        for field in fields.fields {
            name.removeAll(keepingCapacity: true)
            fields.appendName(of: field, in: line, to: &name)
            let isLabel = streamFields.contains(name)
            guard isLabel || (timestampNs == nil && timeFields.contains(name)) else { continue }
            var value: [UInt8] = []
            LogFields.append(line.extracting(field.value.asInt), hasEscapes: field.valueHasEscapes, to: &value)
            if isLabel { builder.set(name.span, value.span) } else { timestampNs = LogTime.ns(value) }
        }
        if builder.isEmpty { builder.set("source", "jsonline") }
        let labels = builder.labels()
        let stream = streams[labels] ?? batch.appendStream(labels)
        streams[labels] = stream
        batch.append(timestampNs ?? nowNs, stream: stream, line)
        return true
    }
}

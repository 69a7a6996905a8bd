import Encoding
package import HTTP
import Model
import Posix
import Storage

/// Fluent Bit's http output with `format json`, `json_lines` or `json_stream`: each record is kept as it is, in the stream
/// of its tag, which the header that `header_tag FLUENT-TAG` adds tells, at the time that its `date` tells.
package struct FluentBit: LogIngestProtocol {
    private let intake: LogIntake
    private let limits: LogIngestLimits
    private let time: any TimeSource

    package init(_ context: LogIngestContext) {
        intake = LogIntake("fluentbit", context)
        limits = context.limits
        time = context.time
    }

    package func add(to router: inout Router) {
        router.post("/insert/fluentbit", role: .ingest, bodyBytesMax: limits.bodyBytesMax) { request, response in
            do throws(RequestRefusal) {
                var reader = LogLineReader(request, timeField: "date", nowNs: time.wallMs * 1_000_000)
                let tag = request.headerText("fluent-tag") ?? "fluentbit"
                var batch = LogBatch()
                var skipped = 0
                var objects = JSONObjects()
                while let object = objects.next(in: request.body) {
                    let record = request.body.extracting(object)
                    if !reader.append(record, base: [(name: "tag", value: tag)], to: &batch) { skipped += 1 }
                }
                guard objects.isAtEnd, skipped == 0 else {
                    throw RequestRefusal(.badRequest, "the body is no list or sequence of JSON objects")
                }
                try intake.takeWhole(batch, of: request)
                response.send(.noContent)
            } catch {
                response.refuseWithRetry(error)
            }
        }
    }
}

/// Finds the objects of a list, or of a sequence with or without line breaks between them.
package struct JSONObjects {
    private var index = 0
    /// False where something else stands between the objects.
    package private(set) var isAtEnd = false

    package init() {}

    package mutating func next(in body: Span<UInt8>) -> Range<Int>? {
        while index < body.count, Self.isBetween(body[index]) { index += 1 }
        guard index < body.count else {
            isAtEnd = true
            return nil
        }
        guard body[index] == UInt8(ascii: "{") else { return nil }
        let start = index
        var depth = 0
        while index < body.count {
            switch body[index] {
            case UInt8(ascii: "\""): skipString(body)
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            index += 1
            if depth == 0 { return start..<min(index, body.count) }
        }
        return nil
    }

    /// Leaves `index` at the quote that ends the string.
    private mutating func skipString(_ body: Span<UInt8>) {
        index += 1
        while index < body.count, body[index] != UInt8(ascii: "\"") {
            index += body[index] == UInt8(ascii: "\\") ? 2 : 1
        }
    }

    private static func isBetween(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "[") || byte == UInt8(ascii: "]")
    }
}

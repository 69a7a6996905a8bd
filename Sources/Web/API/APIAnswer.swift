import Encoding
import HTTP

/// The envelope of Prometheus' HTTP API: `{"status":"success","data":...}`.
enum APIAnswer {
    /// Answers with the value that `data` writes.
    static func success(_ response: inout Response, _ data: (inout JSONWriter) -> Void) {
        response.send(body(data), contentType: ContentType.json)
    }

    /// Answers later with the value that `data` writes.
    static func success(
        _ response: PendingResponse, warnings: [String] = [], infos: [String] = [], _ data: (inout JSONWriter) -> Void
    ) {
        response.send(.ok, body(warnings: warnings, infos: infos, data).span, contentType: ContentType.json)
    }

    /// Answers later with the value that `data` writes, which passes on what it has written whenever that is much, so
    /// that a long answer is never in memory as a whole.
    ///
    /// - Parameter data: calls its second argument between the parts of the value; false means that nobody reads on.
    static func stream(
        _ response: PendingResponse, warnings: [String], infos: [String],
        _ data: (inout JSONWriter, (inout JSONWriter) -> Bool) -> Void
    ) {
        var isBegun = false
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("status", "success")
        writer.name("data")
        data(&writer) { writer in
            guard writer.bytes.count >= pieceBytes else { return true }
            if !isBegun {
                response.begin(.ok, contentType: ContentType.json)
                isBegun = true
            }
            let isRead = response.write(writer.bytes.span)
            writer.bytes.removeAll(keepingCapacity: true)
            return isRead
        }
        list("warnings", warnings, &writer)
        list("infos", infos, &writer)
        writer.endObject()
        if isBegun {
            if response.write(writer.bytes.span) { response.finish() }
        } else {
            response.send(.ok, writer.bytes.span, contentType: ContentType.json)
        }
    }

    /// An answer longer than this is sent in pieces of about this length.
    private static let pieceBytes = 512 << 10

    static func failure(_ response: PendingResponse, _ error: APIError) {
        let body = body(error)
        response.send(error.status, body.span, contentType: ContentType.json)
    }

    static func failure(_ response: inout Response, _ error: APIError) {
        response.status = error.status
        response.send(body(error), contentType: ContentType.json)
    }

    private static func body(_ error: APIError) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("status", "error")
        writer.member("errorType", error.kind.rawValue)
        writer.member("error", error.message)
        writer.endObject()
        return writer.bytes
    }

    private static func body(
        warnings: [String] = [], infos: [String] = [], _ data: (inout JSONWriter) -> Void
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("status", "success")
        writer.name("data")
        data(&writer)
        list("warnings", warnings, &writer)
        list("infos", infos, &writer)
        writer.endObject()
        return writer.bytes
    }

    private static func list(_ name: String, _ sentences: [String], _ writer: inout JSONWriter) {
        guard !sentences.isEmpty else { return }
        writer.name(name)
        writer.beginArray()
        for sentence in sentences { writer.string(sentence) }
        writer.endArray()
    }
}

import Encoding
import HTTP

/// The envelope of Prometheus' HTTP API: `{"status":"success","data":...}`.
enum APIAnswer {
    /// Answers with the value that `data` writes.
    static func success(_ response: inout Response, _ data: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("status", "success")
        writer.name("data")
        data(&writer)
        writer.endObject()
        response.send(writer.bytes, contentType: ContentType.json)
    }
}

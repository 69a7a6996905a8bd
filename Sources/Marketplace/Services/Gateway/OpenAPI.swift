import Encoding
import HTTP

/// The description of the public surface for tools: OpenAPI 3.0, written from the same table that routes requests.
enum OpenAPI {
    static func document(version: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("openapi", "3.0.3")
        writer.name("info")
        writer.beginObject()
        writer.member("title", "Marketplace")
        writer.member("version", version)
        writer.endObject()
        writer.name("paths")
        writer.beginObject()
        var patterns: [String] = []
        for endpoint in Endpoint.all where !patterns.contains(endpoint.pattern) { patterns.append(endpoint.pattern) }
        for pattern in patterns {
            writer.name("/v1" + path(pattern))
            writer.beginObject()
            for endpoint in Endpoint.all where endpoint.pattern == pattern { append(endpoint, to: &writer) }
            writer.endObject()
        }
        writer.endObject()
        components(&writer)
        writer.endObject()
        return writer.bytes
    }

    /// `/orders/:id` is `/orders/{id}` there.
    private static func path(_ pattern: String) -> String {
        pattern.split(separator: "/").map { $0.hasPrefix(":") ? "/{\($0.dropFirst())}" : "/\($0)" }.joined()
    }

    private static func append(_ endpoint: Endpoint, to writer: inout JSONWriter) {
        writer.name(endpoint.method.name.lowercased())
        writer.beginObject()
        writer.member("summary", endpoint.summary)
        writer.name("tags")
        writer.beginArray()
        writer.string(endpoint.service.rawValue)
        writer.endArray()
        parameters(endpoint, &writer)
        body(endpoint, &writer)
        if endpoint.needsUser {
            writer.name("security")
            writer.raw(#"[{"token":[]}]"#.utf8.span)
        }
        writer.name("responses")
        writer.beginObject()
        writer.name(String(endpoint.success.rawValue))
        writer.raw(#"{"description":"done"}"#.utf8.span)
        writer.name("default")
        writer.raw(##"{"$ref":"#/components/responses/refusal"}"##.utf8.span)
        writer.endObject()
        writer.endObject()
    }

    private static func parameters(_ endpoint: Endpoint, _ writer: inout JSONWriter) {
        writer.name("parameters")
        writer.beginArray()
        for segment in endpoint.pattern.split(separator: "/") where segment.hasPrefix(":") {
            parameter(String(segment.dropFirst()), "path", "which one", Schema.text(1, 40), &writer)
        }
        for query in endpoint.query { parameter(query.name, "query", query.doc, query.schema, &writer) }
        if endpoint.pattern == "/checkout" {
            parameter("Idempotency-Key", "header", "the same key orders once", Schema.text(1, 64), &writer)
        }
        writer.endArray()
    }

    private static func parameter(
        _ name: String, _ place: String, _ doc: String, _ schema: String, _ writer: inout JSONWriter
    ) {
        writer.beginObject()
        writer.member("name", name)
        writer.member("in", place)
        writer.member("required", place != "query")
        writer.member("description", doc)
        writer.name("schema")
        writer.raw(schema.utf8.span)
        writer.endObject()
    }

    private static func body(_ endpoint: Endpoint, _ writer: inout JSONWriter) {
        let schema = endpoint.takesFile ? #"{"type":"string","format":"binary"}"# : endpoint.body
        guard let schema else { return }
        let type = endpoint.takesFile ? "application/octet-stream" : "application/json"
        writer.name("requestBody")
        writer.raw(#"{"required":true,"content":{"\#(type)":{"schema":\#(schema)}}}"#.utf8.span)
    }

    private static func components(_ writer: inout JSONWriter) {
        let error = Schema.object([
            "code": Schema.text(1, 100), "message": Schema.text(1, 1_000), "request_id": Schema.text(1, 64),
        ])
        let refusal = #"{"application/json":{"schema":\#(Schema.object(["error": error]))}}"#
        writer.name("components")
        writer.raw(
            #"{"securitySchemes":{"token":{"type":"http","scheme":"bearer","bearerFormat":"JWT"}},"responses":{"refusal":{"description":"why not","content":\#(refusal)}}}"#
                .utf8.span)
    }
}

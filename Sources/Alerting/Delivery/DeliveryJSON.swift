import Encoding
import HTTP
import Text

extension JSONWriter {
    /// A member that is left out where the text is empty.
    mutating func memberIfAny(_ name: String, _ text: String) {
        if !text.isEmpty { member(name, text) }
    }

    mutating func member(_ name: String, pairs: [(name: String, value: String)]) {
        self.name(name)
        beginObject()
        for pair in pairs.sorted(by: { $0.name < $1.name }) { member(pair.name, pair.value) }
        endObject()
    }
}

/// What another server answered, where it is JSON.
enum AnswerJSON {
    static func value(_ response: ClientResponse) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(response.body.span)
        } catch {
            return .null
        }
    }
}

/// Names and values as a form or the query of a URL has them.
enum FormText {
    static func encoded(_ fields: [(String, String)]) -> String {
        fields.map { "\(TextEscapes.query($0.0))=\(TextEscapes.query($0.1))" }.joined(separator: "&")
    }
}

/// The fields of an attachment, as Slack has brought them up and others have taken them over.
enum AttachmentFields {
    /// - Parameter fields: nil for those of the receiver.
    static func write(
        _ delivery: Delivery, fields: [[String: String]]? = nil, to body: inout JSONWriter
    ) throws(DeliveryFailure) {
        let fields = fields ?? delivery.settings.parts["fields"] ?? []
        if fields.isEmpty { return }
        body.name("fields")
        body.beginArray()
        for field in fields {
            body.beginObject()
            body.member("title", try delivery.render(field["title"] ?? ""))
            body.member("value", try delivery.render(field["value"] ?? ""))
            body.name("short")
            body.bool(field["short"].map { $0 == "true" } ?? delivery.settings.flags["short_fields"] ?? false)
            body.endObject()
        }
        body.endArray()
    }
}

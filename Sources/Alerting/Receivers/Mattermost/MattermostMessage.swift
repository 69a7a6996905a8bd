import Encoding
import HTTP

/// A message for a webhook of Mattermost, whose attachments are like Slack's.
enum MattermostMessage {
    private static let textMax = 16_383

    static func deliver(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let settings = delivery.settings
        let attachments = settings.parts["attachments"] ?? []
        var body = JSONWriter()
        body.beginObject()
        if !attachments.isEmpty { body.memberIfAny("text", try delivery.text("text", max: textMax)) }
        for key in ["channel", "username", "icon_url", "icon_emoji", "type"] {
            body.memberIfAny(key, try delivery.text(key))
        }
        body.name("attachments")
        body.beginArray()
        if attachments.isEmpty {
            var texts = settings.texts
            texts["fields"] = nil
            try attachment(texts, fields: nil, delivery, &body)
        }
        for part in attachments {
            try attachment(part, fields: fields(part["fields"]), delivery, &body)
        }
        body.endArray()
        if let card = settings.tables["props"]?["card"] {
            body.name("props")
            body.beginObject()
            body.member("card", try delivery.render(card))
            body.endObject()
        }
        try priority(delivery, &body)
        body.endObject()
        try delivery.send(delivery.request(try delivery.secret("webhook_url"), json: body.bytes))
        return [:]
    }

    private static func attachment(
        _ texts: [String: String], fields: [[String: String]]?, _ delivery: Delivery, _ body: inout JSONWriter
    ) throws(DeliveryFailure) {
        body.beginObject()
        for key in ReceiverKind.attachment where key != "fields" {
            body.memberIfAny(key, try delivery.render(texts[key] ?? ""))
        }
        try AttachmentFields.write(delivery, fields: fields, to: &body)
        body.endObject()
    }

    /// The configuration's list, which is kept as JSON.
    private static func fields(_ json: String?) -> [[String: String]] {
        guard let json else { return [] }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONValue.parse(Array(json.utf8).span)
        } catch {
            return []
        }
        return (value.elements ?? []).map { field in
            Dictionary(
                (field.members ?? []).map { ($0.name, $0.value.text ?? ($0.value.bool == true ? "true" : "false")) }
            ) { first, _ in first }
        }
    }

    /// What does not go with a priority is left out: the other side would refuse the message.
    private static func priority(_ delivery: Delivery, _ body: inout JSONWriter) throws(DeliveryFailure) {
        guard let table = delivery.settings.tables["priority"], let template = table["priority"] else { return }
        var priority = try delivery.render(template).lowercased()
        if !["urgent", "important", "standard"].contains(priority) { priority = "standard" }
        body.name("priority")
        body.beginObject()
        body.member("priority", priority)
        if table["requested_ack"] == "true", priority != "standard" {
            body.name("requested_ack")
            body.bool(true)
        }
        if table["persistent_notifications"] == "true", priority == "urgent" {
            body.name("persistent_notifications")
            body.bool(true)
        }
        body.endObject()
    }
}

import Encoding

extension ReceiverKind {
    /// A message to a channel of Microsoft Teams, by the webhook of a workflow.
    static let msTeamsV2 = ReceiverKind(
        name: "msteamsv2", sendsResolved: true, texts: ["title", "text"], secrets: ["webhook_url"],
        check: require("webhook_url", because: "one of webhook_url or webhook_url_file must be configured"),
        defaults: [
            "title": "{{ template `msteamsv2.default.title` . }}", "text": "{{ template `msteamsv2.default.text` . }}",
        ],
        deliver: post)

    /// An adaptive card: the title in bold, the text below.
    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        var body = JSONWriter()
        body.beginObject()
        body.member("type", "message")
        body.name("attachments")
        body.beginArray()
        body.beginObject()
        body.member("contentType", "application/vnd.microsoft.card.adaptive")
        body.name("contentUrl")
        body.null()
        body.name("content")
        body.beginObject()
        body.member("$schema", "http://adaptivecards.io/schemas/adaptive-card.json")
        body.member("type", "AdaptiveCard")
        body.member("version", "1.2")
        body.name("body")
        body.beginArray()
        let colour = delivery.notification.isFiring ? "Attention" : "Good"
        block(
            &body, try delivery.text("title"),
            [("weight", "Bolder"), ("size", "Medium"), ("style", "heading"), ("color", colour)])
        block(&body, try delivery.text("text"), [])
        body.endArray()
        body.name("msteams")
        body.beginObject()
        body.member("width", "full")
        for _ in 0..<3 { body.endObject() }
        body.endArray()
        body.endObject()
        try delivery.send(delivery.request(try delivery.secret("webhook_url"), json: body.bytes))
        return [:]
    }

    private static func block(_ body: inout JSONWriter, _ text: String, _ looks: [(name: String, value: String)]) {
        body.beginObject()
        body.member("type", "TextBlock")
        body.member("text", text)
        for look in looks { body.member(look.name, look.value) }
        body.name("wrap")
        body.bool(true)
        body.endObject()
    }
}

import Encoding

extension ReceiverKind {
    /// A message to a channel of Microsoft Teams, by the connector that Microsoft retires.
    static let msTeams = ReceiverKind(
        name: "msteams", sendsResolved: true, texts: ["title", "summary", "text"], secrets: ["webhook_url"],
        check: require("webhook_url", because: "one of webhook_url or webhook_url_file must be configured"),
        defaults: [
            "title": "{{ template `msteams.default.title` . }}",
            "summary": "{{ template `msteams.default.summary` . }}", "text": "{{ template `msteams.default.text` . }}",
        ],
        deliver: post)

    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        var body = JSONWriter()
        body.beginObject()
        body.member("@context", "http://schema.org/extensions")
        body.member("type", "MessageCard")
        for key in ["title", "summary", "text"] { body.member(key, try delivery.text(key)) }
        body.member("themeColor", delivery.notification.isFiring ? "8C1A1A" : "2DC72D")
        body.endObject()
        try delivery.send(delivery.request(try delivery.secret("webhook_url"), json: body.bytes))
        return [:]
    }
}

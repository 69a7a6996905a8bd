import Encoding

extension ReceiverKind {
    /// A message to a channel of Discord, by a webhook.
    static let discord = ReceiverKind(
        name: "discord", sendsResolved: true, texts: ["content", "title", "message", "username", "avatar_url"],
        secrets: ["webhook_url"],
        check: require("webhook_url", because: "one of webhook_url or webhook_url_file must be configured"),
        defaults: [
            "content": "{{ template `discord.default.content` . }}",
            "title": "{{ template `discord.default.title` . }}",
            "message": "{{ template `discord.default.message` . }}",
        ],
        deliver: post)

    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        var body = JSONWriter()
        body.beginObject()
        body.member("content", try delivery.text("content", max: 2000))
        body.name("embeds")
        body.beginArray()
        body.beginObject()
        body.member("title", try delivery.text("title", max: 256))
        body.member("description", try delivery.text("message", max: 4096))
        body.name("color")
        body.number(delivery.notification.isFiring ? 0x992d22 : 0x2ecc71)
        body.endObject()
        body.endArray()
        body.memberIfAny("username", delivery.settings.text("username"))
        body.memberIfAny("avatar_url", delivery.settings.text("avatar_url"))
        body.endObject()
        try delivery.send(delivery.request(try delivery.secret("webhook_url"), json: body.bytes))
        return [:]
    }
}

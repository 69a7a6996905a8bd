import Encoding
import HTTP

extension ReceiverKind {
    /// A message to a room of Webex.
    static let webex = ReceiverKind(
        name: "webex", sendsResolved: true, texts: ["message", "room_id"], addresses: ["api_url"],
        inherited: ["api_url": "webex_api_url"],
        check: both(
            require("room_id", because: "missing room_id on webex_config"),
            { section, settings, _ in
                guard case .authorization = settings.client.credentials else {
                    return section.refuse("missing webex_configs.http_config.authorization", "add the bot's token")
                }
            }),
        defaults: ["message": "{{ template `webex.default.message` . }}"],
        deliver: post)

    /// Longer messages are refused there.
    private static let messageBytesMax = 7439

    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        var message = try delivery.text("message")
        if message.utf8.count > messageBytesMax {
            while message.utf8.count > messageBytesMax - 3 { message.unicodeScalars.removeLast() }
            message += "…"
        }
        var body = JSONWriter()
        body.beginObject()
        body.member("markdown", message)
        body.memberIfAny("roomId", try delivery.text("room_id"))
        body.endObject()
        try delivery.send(delivery.request(delivery.settings.text("api_url"), json: body.bytes))
        return [:]
    }
}

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
            }))
}

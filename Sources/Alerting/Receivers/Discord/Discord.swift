import Encoding

extension ReceiverKind {
    /// A message to a channel of Discord, by a webhook.
    static let discord = ReceiverKind(
        name: "discord", sendsResolved: true, texts: ["content", "title", "message", "username", "avatar_url"],
        secrets: ["webhook_url"],
        check: require("webhook_url", because: "one of webhook_url or webhook_url_file must be configured"))
}

import Encoding

extension ReceiverKind {
    /// A message to a channel of Microsoft Teams, by the connector that Microsoft retires.
    static let msTeams = ReceiverKind(
        name: "msteams", sendsResolved: true, texts: ["title", "summary", "text"], secrets: ["webhook_url"],
        check: require("webhook_url", because: "one of webhook_url or webhook_url_file must be configured"))
}

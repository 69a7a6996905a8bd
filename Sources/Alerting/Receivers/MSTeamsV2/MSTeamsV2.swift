import Encoding

extension ReceiverKind {
    /// A message to a channel of Microsoft Teams, by the webhook of a workflow.
    static let msTeamsV2 = ReceiverKind(
        name: "msteamsv2", sendsResolved: true, texts: ["title", "text"], secrets: ["webhook_url"],
        check: require("webhook_url", because: "one of webhook_url or webhook_url_file must be configured"))
}

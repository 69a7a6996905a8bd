import Encoding
import HTTP

extension ReceiverKind {
    /// Any server that takes Alertmanager's JSON.
    static let webhook = ReceiverKind(
        name: "webhook", sendsResolved: true, secrets: ["url", "hmac_secret"], numbers: ["max_alerts"],
        durations: ["timeout"],
        check: both(
            require("url", because: "one of url or url_file must be configured"),
            { section, settings, _ in
                guard case .text(let url)? = settings.secrets["url"] else { return }
                if !url.text.hasPrefix("http://"), !url.text.hasPrefix("https://"), !url.text.contains("{{") {
                    section.refuse(at: "url", "unsupported scheme for URL", "write an address with http or https")
                }
            }),
        deliver: post)

    /// In the field of an answer's signature: `sha256=` and HMAC-SHA256 of the body under `hmac_secret`.
    private static let signatureField = "X-Obs-Signature"

    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let url = try delivery.render(try delivery.secret("url"))
        if url.isEmpty {
            throw DeliveryFailure("webhook URL is empty after templating", isPassing: false, reason: "template")
        }
        var request = delivery.request(url, json: WebhookMessage.json(of: delivery, version: "4"))
        let key = try delivery.secret("hmac_secret")
        if !key.isEmpty {
            request.fields.append((signatureField, "sha256=" + SHA256Text.hexadecimal(request.body, key: key)))
        }
        try delivery.send(request)
        return [:]
    }
}

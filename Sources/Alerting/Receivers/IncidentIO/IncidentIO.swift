import Encoding
import HTTP

extension ReceiverKind {
    /// Alerts for an alert source of incident.io.
    static let incidentIO = ReceiverKind(
        name: "incidentio", sendsResolved: true, secrets: ["url", "alert_source_token"], numbers: ["max_alerts"],
        durations: ["timeout"],
        check: both(
            require("url", because: "one of url or url_file must be configured"),
            { section, settings, _ in
                let hasToken = settings.secrets["alert_source_token"] != nil
                if !hasToken, settings.client.credentials == .none {
                    section.refuse(
                        "at least one of alert_source_token, alert_source_token_file or http_config.authorization must be configured",
                        "add the token of the alert source")
                }
            }),
        deliver: post)

    /// Larger bodies are refused there; then one alert has to do for the group.
    private static let bodyBytesMax = 512_000

    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        var body = WebhookMessage.json(of: delivery, version: "1")
        if body.count > bodyBytesMax { body = WebhookMessage.json(of: delivery, version: "1", alertsMax: 1) }
        var request = delivery.request(try delivery.secret("url"), json: body)
        let token = try delivery.secret("alert_source_token")
        if !token.isEmpty { request.options.credentials = .authorization(type: "Bearer", .text(Secret(token))) }
        try delivery.send(request)
        return [:]
    }
}

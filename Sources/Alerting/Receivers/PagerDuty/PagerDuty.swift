import Encoding

extension ReceiverKind {
    /// Events of PagerDuty: version 2 with a routing key, version 1 with a service key.
    static let pagerDuty = ReceiverKind(
        name: "pagerduty", sendsResolved: true,
        texts: ["client", "client_url", "description", "severity", "class", "component", "group", "source"],
        addresses: ["url"], secrets: ["service_key", "routing_key"], durations: ["timeout"], tables: ["details"],
        parts: ["images": ["src", "alt", "href"], "links": ["href", "text"]], inherited: ["url": "pagerduty_url"],
        check: { section, settings, _ in
            let keys = ["service_key", "routing_key"].filter { settings.secrets[$0] != nil }
            if keys.isEmpty {
                section.refuse("missing service or routing key in PagerDuty config", "set routing_key")
            }
            if keys.count == 2 {
                section.refuse("at most one of routing_key & service_key must be configured", "keep routing_key")
            }
        },
        defaults: [
            "description": "{{ template `pagerduty.default.description` . }}",
            "client": "{{ template `pagerduty.default.client` . }}",
            "client_url": "{{ template `pagerduty.default.clientURL` . }}",
        ],
        deliver: PagerDutyEvent.deliver)

}

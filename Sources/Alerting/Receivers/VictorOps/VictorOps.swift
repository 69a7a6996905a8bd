import Encoding

extension ReceiverKind {
    /// Incidents of VictorOps, which is Splunk On-Call now.
    static let victorOps = ReceiverKind(
        name: "victorops", sendsResolved: true,
        texts: ["routing_key", "message_type", "state_message", "entity_display_name", "monitoring_tool"],
        addresses: ["api_url"], secrets: ["api_key"], tables: ["custom_fields"],
        inherited: ["api_key": "victorops_api_key", "api_url": "victorops_api_url"],
        check: both(
            require("routing_key", because: "missing Routing key in VictorOps config"),
            require("api_key", because: "no global VictorOps API Key set"),
            { section, settings, _ in
                let reserved = [
                    "routing_key", "message_type", "state_message", "entity_display_name", "monitoring_tool",
                    "entity_id", "entity_state",
                ]
                for name in (settings.tables["custom_fields"] ?? [:]).keys.sorted() where reserved.contains(name) {
                    section.refuse(
                        at: "custom_fields",
                        "victorOps config contains custom field \(name) which cannot be used as it conflicts with the fixed/static fields"
                    )
                }
            }),
        defaults: [
            "message_type": "CRITICAL", "state_message": "{{ template `victorops.default.state_message` . }}",
            "entity_display_name": "{{ template `victorops.default.entity_display_name` . }}",
            "monitoring_tool": "{{ template `victorops.default.monitoring_tool` . }}",
        ],
        deliver: post)

    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        var type = try delivery.text("message_type")
        if !["INFO", "WARNING", "CRITICAL"].contains(type) { type = "CRITICAL" }
        if !delivery.notification.isFiring { type = "RECOVERY" }
        var fields = [
            "message_type": type, "entity_id": delivery.groupHash,
            "entity_display_name": try delivery.text("entity_display_name"),
            "state_message": try delivery.text("state_message", max: 20_480),
            "monitoring_tool": try delivery.text("monitoring_tool"),
        ]
        for (name, template) in delivery.settings.tables["custom_fields"] ?? [:] {
            fields[name] = try delivery.render(template)
        }
        var body = JSONWriter()
        body.beginObject()
        for (name, text) in fields.sorted(by: { $0.key < $1.key }) { body.member(name, text) }
        body.endObject()
        let url =
            delivery.settings.text("api_url") + (try delivery.secret("api_key")) + "/"
            + (try delivery.text("routing_key"))
        try delivery.send(delivery.request(url, json: body.bytes))
        return [:]
    }
}

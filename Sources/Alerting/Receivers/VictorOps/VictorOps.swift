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
            }))
}

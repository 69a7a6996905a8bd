import Encoding

extension ReceiverKind {
    /// Alerts of OpsGenie.
    static let opsGenie = ReceiverKind(
        name: "opsgenie", sendsResolved: true,
        texts: ["message", "description", "source", "entity", "actions", "tags", "note", "priority"],
        addresses: ["api_url"], secrets: ["api_key"], flags: ["update_alerts"], tables: ["details"],
        parts: ["responders": ["id", "name", "username", "type"]],
        inherited: ["api_key": "opsgenie_api_key", "api_url": "opsgenie_api_url"],
        check: both(
            require("api_key", because: "no global OpsGenie API Key set either inline or in a file"), checkResponders),
        defaults: [
            "message": "{{ template `opsgenie.default.message` . }}",
            "description": "{{ template `opsgenie.default.description` . }}",
            "source": "{{ template `opsgenie.default.source` . }}",
        ],
        deliver: OpsGenieAlert.deliver)

    private static let checkResponders: Check = { section, settings, _ in
        for responder in settings.parts["responders"] ?? [] {
            if ["id", "name", "username"].allSatisfy({ (responder[$0] ?? "").isEmpty }) {
                section.refuse(
                    at: "responders",
                    "opsGenieConfig responder has to have at least one of id, username or name specified")
            }
            let type = (responder["type"] ?? "").lowercased()
            if !type.contains("{{"), !["team", "teams", "user", "escalation", "schedule"].contains(type) {
                section.refuse(
                    at: "responders",
                    "opsGenieConfig responder type does not match valid options team, teams, user, escalation, schedule"
                )
            }
        }
    }

}

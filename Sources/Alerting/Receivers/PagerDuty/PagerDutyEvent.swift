import Encoding
import HTTP

/// An event of PagerDuty's Events API: version 2 with a routing key, version 1 with a service key.
enum PagerDutyEvent {
    /// PagerDuty refuses larger events; then their details go.
    private static let eventBytesMax = 512_000
    private static let summaryMax = 1024
    private static let urlOfVersion1 = "https://events.pagerduty.com/generic/2010-04-15/create_event.json"

    static func deliver(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let isVersion1 = delivery.settings.secrets["service_key"] != nil
        let keyName = isVersion1 ? "service_key" : "routing_key"
        let key = try delivery.render(try delivery.secret(keyName))
        if key.isEmpty {
            throw DeliveryFailure("\(keyName) cannot be empty", isPassing: false, reason: "template")
        }
        var details = try details(delivery)
        func body() throws(DeliveryFailure) -> [UInt8] {
            isVersion1 ? try version1(delivery, key, details) : try version2(delivery, key, details)
        }
        var bytes = try body()
        if bytes.count > eventBytesMax {
            details = [
                (
                    "error",
                    .string(
                        "Custom details have been removed because the original event exceeds the maximum size of 512KB")
                )
            ]
            bytes = try body()
        }
        var url = delivery.settings.text("url")
        if isVersion1, url.isEmpty || url == GlobalSettings().addresses["pagerduty_url"] { url = urlOfVersion1 }
        // Version 1 says 403 where too many events come.
        try delivery.send(delivery.request(url, json: bytes), passing: isVersion1 ? [403] : [])
        return [:]
    }

    private static func details(_ delivery: Delivery) throws(DeliveryFailure) -> [(String, JSONValue)] {
        var templates = [
            "firing": "{{ .Alerts.Firing | toJson }}", "resolved": "{{ .Alerts.Resolved | toJson }}",
            "num_firing": "{{ .Alerts.Firing | len }}", "num_resolved": "{{ .Alerts.Resolved | len }}",
        ]
        for (name, template) in delivery.settings.tables["details"] ?? [:] { templates[name] = template }
        var details: [(String, JSONValue)] = []
        for (name, template) in templates.sorted(by: { $0.key < $1.key }) {
            details.append((name, try delivery.value(template)))
        }
        return details
    }

    private static func version2(
        _ delivery: Delivery, _ key: String, _ details: [(String, JSONValue)]
    ) throws(DeliveryFailure) -> [UInt8] {
        let settings = delivery.settings
        var body = JSONWriter()
        body.beginObject()
        body.member("routing_key", key)
        body.member("dedup_key", delivery.groupHash)
        body.member("event_action", delivery.notification.isFiring ? "trigger" : "resolve")
        body.name("payload")
        body.beginObject()
        body.member("summary", try delivery.text("description", max: summaryMax))
        let source = settings.text("source").isEmpty ? try delivery.text("client") : try delivery.text("source")
        body.member("source", source)
        let severity = try delivery.text("severity")
        body.member("severity", severity.isEmpty ? "error" : severity)
        for name in ["class", "component", "group"] { body.memberIfAny(name, try delivery.text(name)) }
        body.name("custom_details")
        write(details, to: &body)
        body.endObject()
        body.memberIfAny("client", try delivery.text("client"))
        body.memberIfAny("client_url", try delivery.text("client_url"))
        try list("images", ["src", "alt", "href"], delivery, &body)
        try list("links", ["href", "text"], delivery, &body)
        body.endObject()
        return body.bytes
    }

    private static func version1(
        _ delivery: Delivery, _ key: String, _ details: [(String, JSONValue)]
    ) throws(DeliveryFailure) -> [UInt8] {
        let isFiring = delivery.notification.isFiring
        var body = JSONWriter()
        body.beginObject()
        body.member("service_key", key)
        body.member("incident_key", delivery.groupHash)
        body.member("event_type", isFiring ? "trigger" : "resolve")
        body.member("description", try delivery.text("description", max: summaryMax))
        body.name("details")
        write(details, to: &body)
        if isFiring {
            body.memberIfAny("client", try delivery.text("client"))
            body.memberIfAny("client_url", try delivery.text("client_url"))
        }
        body.endObject()
        return body.bytes
    }

    private static func write(_ details: [(String, JSONValue)], to body: inout JSONWriter) {
        body.beginObject()
        for (name, value) in details {
            body.name(name)
            body.value(value)
        }
        body.endObject()
    }

    /// Entries whose first key comes out empty are left out.
    private static func list(
        _ name: String, _ keys: [String], _ delivery: Delivery, _ body: inout JSONWriter
    ) throws(DeliveryFailure) {
        var entries: [[(String, String)]] = []
        for part in delivery.settings.parts[name] ?? [] {
            var entry: [(String, String)] = []
            for key in keys { entry.append((key, try delivery.render(part[key] ?? ""))) }
            if !entry[0].1.isEmpty { entries.append(entry) }
        }
        if entries.isEmpty { return }
        body.name(name)
        body.beginArray()
        for entry in entries {
            body.beginObject()
            for (key, text) in entry { body.memberIfAny(key, text) }
            body.endObject()
        }
        body.endArray()
    }
}

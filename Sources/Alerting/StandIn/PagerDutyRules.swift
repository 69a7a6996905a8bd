import Encoding

/// What PagerDuty's Events API takes, in version 2 and 1, as its reference describes them.
enum PagerDutyRules {
    static let bodyBytesMax = 512_000
    private static let keyLength = 32
    private static let dedupKeyMax = 255
    private static let summaryMax = 1024

    static func faults(ofVersion2 event: JSONValue) -> [String] {
        var check = FieldCheck()
        check.members(
            of: event, "event", texts: ["routing_key", "event_action", "dedup_key", "client", "client_url"],
            others: ["payload", "images", "links"])
        check.required("routing_key", "event_action", of: event, "event")
        if event["routing_key"]?.text?.utf8.count != keyLength {
            check.fault("event.routing_key is not \(keyLength) characters long")
        }
        check.choice("event_action", of: event, "event", "trigger", "acknowledge", "resolve")
        check.length(of: "dedup_key", in: event, "event", max: dedupKeyMax)
        check.address("client_url", of: event, "event")
        if event["event_action"]?.text == "trigger" {
            payload(event["payload"] ?? .null, &check)
        } else {
            check.required("dedup_key", of: event, "event")
        }
        check.list("images", of: event, "event", max: .max) { check, image, place in
            check.members(of: image, place, texts: ["src", "href", "alt"])
            check.required("src", of: image, place)
            check.address("src", "href", of: image, place)
        }
        check.list("links", of: event, "event", max: .max) { check, link, place in
            check.members(of: link, place, texts: ["href", "text"])
            check.required("href", of: link, place)
            check.address("href", of: link, place)
        }
        return check.faults
    }

    private static func payload(_ payload: JSONValue, _ check: inout FieldCheck) {
        let place = "event.payload"
        check.members(
            of: payload, place, texts: ["summary", "source", "severity", "timestamp", "component", "group", "class"],
            others: ["custom_details"])
        check.required("summary", "source", "severity", of: payload, place)
        check.length(of: "summary", in: payload, place, max: summaryMax)
        check.choice("severity", of: payload, place, "critical", "error", "warning", "info")
        if let details = payload["custom_details"], details.members == nil {
            check.fault("\(place).custom_details is no object")
        }
    }

    static func faults(ofVersion1 event: JSONValue) -> [String] {
        var check = FieldCheck()
        check.members(
            of: event, "event",
            texts: ["service_key", "event_type", "incident_key", "description", "client", "client_url"],
            others: ["details", "contexts"])
        check.required("service_key", "event_type", of: event, "event")
        check.choice("event_type", of: event, "event", "trigger", "acknowledge", "resolve")
        check.length(of: "description", in: event, "event", max: summaryMax)
        check.address("client_url", of: event, "event")
        if event["event_type"]?.text == "trigger" {
            check.required("description", of: event, "event")
        } else {
            check.required("incident_key", of: event, "event")
        }
        return check.faults
    }
}

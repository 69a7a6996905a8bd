import Encoding
import HTTP

/// An alert of OpsGenie: made, changed where `update_alerts` says so, and closed.
enum OpsGenieAlert {
    private static let messageMax = 130

    static func deliver(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let alerts = delivery.settings.text("api_url") + "v2/alerts"
        let known = alerts + "/" + delivery.groupHash
        guard delivery.notification.isFiring else {
            try send(delivery, .post, known + "/close?identifierType=alias", [("source", try delivery.text("source"))])
            return [:]
        }
        try post(delivery, .post, alerts, try body(delivery))
        guard delivery.settings.flags["update_alerts"] == true else { return [:] }
        try send(
            delivery, .put, known + "/message?identifierType=alias",
            [("message", try delivery.text("message", max: messageMax))])
        try send(
            delivery, .put, known + "/description?identifierType=alias",
            [("description", try delivery.text("description"))])
        return [:]
    }

    private static func send(
        _ delivery: Delivery, _ method: Method, _ url: String, _ members: [(String, String)]
    ) throws(DeliveryFailure) {
        var body = JSONWriter()
        body.beginObject()
        for member in members { body.member(member.0, member.1) }
        body.endObject()
        try post(delivery, method, url, body.bytes)
    }

    private static func post(
        _ delivery: Delivery, _ method: Method, _ url: String, _ body: [UInt8]
    ) throws(DeliveryFailure) {
        var request = delivery.request(method, url, json: body)
        let key = try delivery.render(try delivery.secret("api_key"))
        request.options.credentials = .authorization(type: "GenieKey", .text(Secret(key)))
        try delivery.send(request)
    }

    private static func body(_ delivery: Delivery) throws(DeliveryFailure) -> [UInt8] {
        var details = Dictionary(delivery.notification.commonLabels.map { ($0.name, $0.value) }) { first, _ in first }
        for (name, template) in delivery.settings.tables["details"] ?? [:] {
            details[name] = try delivery.render(template)
        }
        var body = JSONWriter()
        body.beginObject()
        body.member("alias", delivery.groupHash)
        body.member("message", try delivery.text("message", max: messageMax))
        body.memberIfAny("description", try delivery.text("description"))
        body.member("details", pairs: details.map { ($0.key, $0.value) })
        body.member("source", try delivery.text("source"))
        try responders(delivery, &body)
        for (name, key) in [("tags", "tags"), ("actions", "actions")] {
            let words = try delivery.text(key).split(separator: ",")
            if words.isEmpty { continue }
            body.name(name)
            body.beginArray()
            for word in words { body.string(String(word)) }
            body.endArray()
        }
        for key in ["note", "priority", "entity"] { body.memberIfAny(key, try delivery.text(key)) }
        body.endObject()
        return body.bytes
    }

    /// A responder of type `teams` is a list of teams; one that comes out empty is left out.
    private static func responders(_ delivery: Delivery, _ body: inout JSONWriter) throws(DeliveryFailure) {
        var all: [[(String, String)]] = []
        for part in delivery.settings.parts["responders"] ?? [] {
            var texts: [(String, String)] = []
            for key in ["id", "name", "username", "type"] { texts.append((key, try delivery.render(part[key] ?? ""))) }
            if texts[3].1.lowercased() == "teams" {
                for team in texts[1].1.split(separator: ",") { all.append([("name", String(team)), ("type", "team")]) }
            } else if texts.contains(where: { !$0.1.isEmpty }) {
                texts[3].1 = texts[3].1.lowercased()
                all.append(texts)
            }
        }
        if all.isEmpty { return }
        body.name("responders")
        body.beginArray()
        for texts in all {
            body.beginObject()
            for (name, text) in texts { body.memberIfAny(name, text) }
            body.endObject()
        }
        body.endArray()
    }
}

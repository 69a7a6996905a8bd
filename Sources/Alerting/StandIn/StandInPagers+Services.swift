import Encoding
import HTTP
import Posix

/// Slack.
extension StandInPagers {
    func takeWebhookOfSlack(_ path: String, _ body: [UInt8]) -> Answer {
        func refused(_ status: Status, _ word: String) -> Answer {
            Answer(status: status, text: word, contentType: ContentType.text)
        }
        guard path.split(separator: "/").count == 4 else { return refused(.notFound, "no_service") }
        guard let message = Self.parse(body) else { return refused(.badRequest, "invalid_payload") }
        let faults = SlackRules.faults(of: message, isAPI: false, updates: false)
        guard faults.isEmpty else {
            note(faults)
            return refused(.badRequest, faults.contains("no_text") ? "no_text" : "invalid_payload")
        }
        take(
            .slack, "post", title: Self.title(ofMessage: message), key: "", channel: message["channel"]?.text ?? "",
            message)
        return Answer(text: "ok", contentType: ContentType.text)
    }

    /// Failures of the API are answered with 200, too.
    func takeCallOfSlack(_ body: [UInt8], authorization: String, updates: Bool) -> Answer {
        func refused(_ word: String) -> Answer { Answer(text: "{\"ok\":false,\"error\":\"\(word)\"}") }
        guard authorization.hasPrefix("Bearer ") else { return refused("not_authed") }
        if let token = options.slackToken, authorization != "Bearer \(token)" { return refused("invalid_auth") }
        guard let message = Self.parse(body) else { return refused("invalid_json") }
        let faults = SlackRules.faults(of: message, isAPI: true, updates: updates)
        guard faults.isEmpty else {
            note(faults)
            return refused(faults.contains("no_text") ? "no_text" : "invalid_arguments")
        }
        let channel = message["channel"]?.text ?? ""
        for name in updates ? ["ts", "thread_ts"] : ["thread_ts"] {
            guard let earlier = message[name]?.text else { continue }
            let isKnown = pages.contains { $0.service == .slack && $0.key == earlier && $0.channel == channel }
            if !isKnown { return refused(name == "ts" ? "message_not_found" : "thread_not_found") }
        }
        let moment = updates ? message["ts"]?.text ?? "" : nextMoment()
        take(
            .slack, updates ? "update" : "post", title: Self.title(ofMessage: message), key: moment, channel: channel,
            message)
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("ok")
        writer.bool(true)
        writer.member("channel", channel)
        writer.member("ts", moment)
        writer.endObject()
        return Answer(text: String(decoding: writer.bytes, as: UTF8.self))
    }

    /// Slack names a message by its time; here it is the number of the request behind the seconds.
    private func nextMoment() -> String {
        let number = "\(state.withLock { $0.requests })"
        return "1700000000.\(String(repeating: "0", count: max(0, 6 - number.utf8.count)))\(number)"
    }

    private static func title(ofMessage message: JSONValue) -> String {
        let attachment = message["attachments"]?.elements?.first
        let texts = [attachment?["title"], message["text"], attachment?["fallback"], attachment?["text"]]
        return texts.lazy.compactMap { $0?.text }.first { !$0.isEmpty } ?? ""
    }
}

/// PagerDuty.
extension StandInPagers {
    func takeEvent(_ body: [UInt8]) -> Answer {
        if body.count > PagerDutyRules.bodyBytesMax {
            return Self.invalid(.contentTooLarge, ["the event is larger than \(PagerDutyRules.bodyBytesMax) bytes"])
        }
        guard let event = Self.parse(body) else { return Self.invalid(.badRequest, ["the body is no JSON"]) }
        var faults = PagerDutyRules.faults(ofVersion2: event)
        if let key = options.routingKey, event["routing_key"]?.text != key {
            faults.append("event.routing_key is unknown")
        }
        guard faults.isEmpty else {
            note(faults)
            return Self.invalid(.badRequest, faults)
        }
        let key = event["dedup_key"]?.text ?? ""
        take(
            .pagerDuty, event["event_action"]?.text ?? "", title: event["payload"]?["summary"]?.text ?? "", key: key,
            channel: "", event)
        return Self.processed("dedup_key", key, .accepted)
    }

    func takeEventOfVersion1(_ body: [UInt8]) -> Answer {
        guard let event = Self.parse(body) else { return Self.invalid(.badRequest, ["the body is no JSON"]) }
        let faults = PagerDutyRules.faults(ofVersion1: event)
        guard faults.isEmpty else {
            note(faults)
            return Self.invalid(.badRequest, faults)
        }
        let key = event["incident_key"]?.text ?? ""
        take(
            .pagerDuty, event["event_type"]?.text ?? "", title: event["description"]?.text ?? "", key: key, channel: "",
            event)
        return Self.processed("incident_key", key, .ok)
    }

    private static func processed(_ name: String, _ key: String, _ status: Status) -> Answer {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("status", "success")
        writer.member("message", "Event processed")
        writer.member(name, key)
        writer.endObject()
        return Answer(status: status, text: String(decoding: writer.bytes, as: UTF8.self))
    }

    private static func invalid(_ status: Status, _ faults: [String]) -> Answer {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("status", "invalid event")
        writer.member("message", "Event object is invalid")
        writer.name("errors")
        writer.beginArray()
        for fault in faults { writer.string(fault) }
        writer.endArray()
        writer.endObject()
        return Answer(status: status, text: String(decoding: writer.bytes, as: UTF8.self))
    }
}

/// Any other server.
extension StandInPagers {
    func takeWebhook(_ path: String, _ body: [UInt8]) -> Answer {
        guard let message = Self.parse(body), message["version"]?.text == "4", message["alerts"]?.elements != nil else {
            note(["\(path): the body is no message of version 4"])
            return Answer(status: .badRequest, text: "{\"error\":\"the body is no message of version 4\"}")
        }
        let labels = (message["groupLabels"]?.members ?? []).map { "\($0.name)=\($0.value.text ?? "")" }
        take(
            .webhook, message["status"]?.text ?? "", title: labels.joined(separator: " "),
            key: message["groupKey"]?.text ?? "", channel: String(path.dropFirst("/webhook/".count)), message)
        return Answer(text: "{}")
    }
}

import Encoding

/// What Slack takes: a message by a webhook, or by `chat.postMessage` and `chat.update`, as its API describes them.
enum SlackRules {
    private static let attachmentsMax = 100
    private static let actionsMax = 5

    /// - Parameter updates: the message is to replace one.
    static func faults(of message: JSONValue, isAPI: Bool, updates: Bool) -> [String] {
        var check = FieldCheck()
        check.members(
            of: message, "message",
            texts: ["channel", "text", "username", "icon_emoji", "icon_url", "ts", "thread_ts"],
            others: ["attachments", "link_names", "mrkdwn", "reply_broadcast"])
        for name in ["link_names", "mrkdwn", "reply_broadcast"] { check.flag(name, of: message, "message") }
        check.address("icon_url", of: message, "message")
        if isAPI { check.required("channel", of: message, "message") }
        if updates { check.required("ts", of: message, "message") }
        if (message["text"]?.text ?? "").isEmpty, (message["attachments"]?.elements ?? []).isEmpty {
            check.fault("no_text")
        }
        check.list("attachments", of: message, "message", max: attachmentsMax, attachment)
        return check.faults
    }

    private static func attachment(_ check: inout FieldCheck, _ value: JSONValue, _ place: String) {
        check.members(
            of: value, place,
            texts: [
                "title", "title_link", "pretext", "text", "fallback", "callback_id", "footer", "footer_icon", "color",
                "image_url", "thumb_url", "author_name", "author_link", "author_icon",
            ], others: ["fields", "actions", "mrkdwn_in", "ts"])
        check.address("title_link", "image_url", "thumb_url", of: value, place)
        if let colour = value["color"]?.text, !isColour(colour) { check.fault("\(place).color is no colour") }
        check.list("mrkdwn_in", of: value, place, max: 10) { check, name, place in
            if name.text == nil { check.fault("\(place) is no text") }
        }
        check.list("fields", of: value, place, max: .max) { check, field, place in
            check.members(of: field, place, texts: ["title", "value"], others: ["short"])
            check.flag("short", of: field, place)
        }
        check.list("actions", of: value, place, max: actionsMax, action)
    }

    private static func action(_ check: inout FieldCheck, _ value: JSONValue, _ place: String) {
        check.members(
            of: value, place, texts: ["type", "text", "url", "style", "name", "value"], others: ["confirm"])
        check.required("type", "text", of: value, place)
        check.choice("style", of: value, place, "default", "primary", "danger")
        check.address("url", of: value, place)
        if value["url"] == nil { check.required("name", of: value, place) }
        guard let confirm = value["confirm"] else { return }
        check.members(of: confirm, place + ".confirm", texts: ["title", "text", "ok_text", "dismiss_text"])
        check.required("text", of: confirm, place + ".confirm")
    }

    private static func isColour(_ text: String) -> Bool {
        if ["good", "warning", "danger", ""].contains(text) { return true }
        let digits = text.hasPrefix("#") ? text.dropFirst() : text[...]
        return digits.utf8.count == 6 && digits.allSatisfy(\.isHexDigit)
    }
}

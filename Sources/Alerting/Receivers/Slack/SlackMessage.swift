import Encoding
import HTTP

/// A message with one attachment. With the token of an app, a message of the same incident can be changed, or followed up
/// in its thread.
enum SlackMessage {
    /// What Slack shows of a title.
    private static let titleMax = 1024
    private static let postURL = "https://slack.com/api/chat.postMessage"
    /// Memos of the message that was posted first.
    private static let channelMemo = "slack_channel"
    private static let messageMemo = "slack_ts"

    static func deliver(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let settings = delivery.settings
        let memo = delivery.notification.memo
        let token = try delivery.secret("app_token")
        var url = try delivery.secret("api_url")
        if !token.isEmpty { url = settings.text("app_url").isEmpty ? postURL : settings.text("app_url") }
        var channel = try delivery.text("channel")
        var (earlier, thread) = ("", "")
        if let ts = memo[messageMemo], let known = memo[channelMemo] {
            if settings.flags["update_message"] == true {
                (earlier, channel) = (ts, known)
                url = updateURL(url)
            } else if settings.flags["reply_in_thread"] == true {
                (thread, channel) = (ts, known)
            }
        }
        let body = try body(delivery, channel: channel, updating: earlier, in: thread)
        var request = delivery.request(url, json: body)
        if !token.isEmpty { request.options.credentials = .authorization(type: "Bearer", .text(Secret(token))) }
        let noted = try note(try delivery.send(request), channel)
        // Replies belong to the message that began the thread.
        return thread.isEmpty ? noted : [:]
    }

    /// `chat.update` beside `chat.postMessage`.
    private static func updateURL(_ url: String) -> String {
        let method = "chat.postMessage"
        guard url.hasSuffix(method) else { return "https://slack.com/api/chat.update" }
        return url.dropLast(method.count) + "chat.update"
    }

    /// Slack answers failures with 200, and webhooks with a word.
    private static func note(_ response: ClientResponse, _ channel: String) throws(DeliveryFailure) -> [String: String]
    {
        guard (response.field("content-type") ?? "").hasPrefix("application/json") else {
            let text = String(decoding: response.body.prefix(300), as: UTF8.self)
            if text == "ok" || text.isEmpty { return [:] }
            throw DeliveryFailure(
                "channel \(Quoted.text(channel)): received an error response from Slack: \(text)", isPassing: false,
                reason: "client_error")
        }
        let answer = AnswerJSON.value(response)
        guard answer["ok"]?.bool == true else {
            let reason = answer["error"]?.text ?? "no reason"
            throw DeliveryFailure(
                "channel \(Quoted.text(channel)): error response from Slack: \(reason)",
                isPassing: ["ratelimited", "internal_error", "fatal_error", "service_unavailable"].contains(reason),
                reason: "client_error")
        }
        guard let ts = answer["ts"]?.text, let posted = answer["channel"]?.text else { return [:] }
        return [messageMemo: ts, channelMemo: posted]
    }

    private static func body(
        _ delivery: Delivery, channel: String, updating earlier: String, in thread: String
    ) throws(DeliveryFailure) -> [UInt8] {
        var body = JSONWriter()
        body.beginObject()
        body.memberIfAny("channel", channel)
        body.memberIfAny("ts", earlier)
        body.memberIfAny("thread_ts", thread)
        for key in ["username", "icon_emoji", "icon_url"] { body.memberIfAny(key, try delivery.text(key)) }
        if delivery.settings.flags["link_names"] == true {
            body.name("link_names")
            body.bool(true)
        }
        body.memberIfAny("text", try delivery.text("message_text"))
        body.name("attachments")
        body.beginArray()
        try attachment(delivery, &body)
        body.endArray()
        body.endObject()
        return body.bytes
    }

    private static func attachment(_ delivery: Delivery, _ body: inout JSONWriter) throws(DeliveryFailure) {
        body.beginObject()
        body.memberIfAny("title", try delivery.text("title", max: titleMax))
        body.memberIfAny("title_link", try delivery.text("title_link"))
        body.memberIfAny("pretext", try delivery.text("pretext"))
        for key in ["text", "fallback", "callback_id"] { body.member(key, try delivery.text(key)) }
        try AttachmentFields.write(delivery, to: &body)
        try actions(delivery, &body)
        for key in ["image_url", "thumb_url"] { body.memberIfAny(key, try delivery.text(key)) }
        body.member("footer", try delivery.text("footer"))
        body.memberIfAny("color", try delivery.text("color"))
        body.name("mrkdwn_in")
        body.beginArray()
        for name in delivery.settings.lists["mrkdwn_in"] ?? ["fallback", "pretext", "text"] { body.string(name) }
        body.endArray()
        body.endObject()
    }

    private static func actions(_ delivery: Delivery, _ body: inout JSONWriter) throws(DeliveryFailure) {
        let actions = delivery.settings.parts["actions"] ?? []
        if actions.isEmpty { return }
        body.name("actions")
        body.beginArray()
        for action in actions {
            // A button that leads somewhere sends nothing back.
            let isLink = !(action["url"] ?? "").isEmpty
            body.beginObject()
            for key in isLink ? ["type", "text", "url", "style"] : ["type", "text", "style", "name", "value"] {
                body.memberIfAny(key, try delivery.render(action[key] ?? ""))
            }
            if !isLink, let confirm = action["confirm"] { try self.confirm(confirm, delivery, &body) }
            body.endObject()
        }
        body.endArray()
    }

    /// The question before an action; the configuration's tree is kept as JSON.
    private static func confirm(
        _ json: String, _ delivery: Delivery, _ body: inout JSONWriter
    ) throws(DeliveryFailure) {
        let tree: JSONValue
        do throws(JSONError) {
            tree = try JSONValue.parse(Array(json.utf8).span)
        } catch {
            return
        }
        body.name("confirm")
        body.beginObject()
        for key in ["text", "title", "ok_text", "dismiss_text"] {
            body.memberIfAny(key, try delivery.render(tree[key]?.text ?? ""))
        }
        body.endObject()
    }
}

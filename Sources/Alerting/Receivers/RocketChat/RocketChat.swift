import Encoding
import HTTP

extension ReceiverKind {
    /// A message to a channel of Rocket.Chat.
    static let rocketChat = ReceiverKind(
        name: "rocketchat", sendsResolved: false,
        texts: [
            "channel", "color", "title", "title_link", "text", "emoji", "icon_url", "image_url", "thumb_url",
        ],
        addresses: ["api_url"], secrets: ["token", "token_id"], flags: ["short_fields", "link_names"],
        parts: [
            "fields": ["title", "value", "short"],
            "actions": [
                "type", "text", "url", "image_url", "is_webview", "webview_height_ratio", "msg", "msg_in_chat_window",
                "msg_processing_type",
            ],
        ],
        inherited: ["token": "rocketchat_token", "token_id": "rocketchat_token_id", "api_url": "rocketchat_api_url"],
        check: both(
            require("token", because: "no global Rocketchat Token set either inline or in a file"),
            require("token_id", because: "no global Rocketchat TokenID set either inline or in a file")),
        defaults: [
            "emoji": "{{ template `rocketchat.default.emoji` . }}",
            "icon_url": "{{ template `rocketchat.default.iconurl` . }}",
            "text": "{{ template `rocketchat.default.text` . }}",
            "title": "{{ template `rocketchat.default.title` . }}",
            "title_link": "{{ template `rocketchat.default.titlelink` . }}",
            "color": "{{ if eq .Status `firing` }}red{{ else }}green{{ end }}",
        ],
        deliver: post)

    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let settings = delivery.settings
        var body = JSONWriter()
        body.beginObject()
        body.memberIfAny("channel", try delivery.text("channel"))
        body.memberIfAny("emoji", try delivery.text("emoji"))
        body.memberIfAny("avatar", try delivery.text("icon_url"))
        body.name("attachments")
        body.beginArray()
        body.beginObject()
        body.memberIfAny("title", try delivery.text("title", max: 1024))
        for key in ["title_link", "text", "image_url", "thumb_url", "color"] {
            body.memberIfAny(key, try delivery.text(key))
        }
        try AttachmentFields.write(delivery, to: &body)
        let actions = settings.parts["actions"] ?? []
        if !actions.isEmpty {
            body.name("actions")
            body.beginArray()
            for action in actions {
                body.beginObject()
                body.member("type", "button")
                for key in ["text", "url", "msg"] { body.memberIfAny(key, try delivery.render(action[key] ?? "")) }
                body.endObject()
            }
            body.endArray()
        }
        body.endObject()
        body.endArray()
        body.endObject()
        let base = settings.text("api_url")
        let url = base + (base.hasSuffix("/") ? "" : "/") + "api/v1/chat.postMessage"
        var request = delivery.request(url, json: body.bytes)
        request.fields.append(("X-Auth-Token", try delivery.secret("token")))
        request.fields.append(("X-User-Id", try delivery.secret("token_id")))
        let answer = AnswerJSON.value(try delivery.send(request))
        guard answer["success"]?.bool == true else {
            throw DeliveryFailure(
                "error response from Rocket.Chat: \(answer["error"]?.text ?? "no reason")", isPassing: false)
        }
        return [:]
    }
}

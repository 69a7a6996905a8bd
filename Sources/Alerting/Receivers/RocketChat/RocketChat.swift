import Encoding

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
            require("token_id", because: "no global Rocketchat TokenID set either inline or in a file")))
}

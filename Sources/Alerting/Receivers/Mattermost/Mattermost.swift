import Encoding

extension ReceiverKind {
    /// A message to a channel of Mattermost, by a webhook.
    static let mattermost = ReceiverKind(
        name: "mattermost", sendsResolved: true,
        texts: [
            "channel", "username", "icon_url", "icon_emoji", "text", "fallback", "color", "pretext", "author_name",
            "author_link", "author_icon", "title", "title_link", "thumb_url", "footer", "footer_icon", "image_url",
            "type",
        ],
        secrets: ["webhook_url"], tables: ["props", "priority"],
        parts: ["fields": ["title", "value", "short"], "attachments": attachment],
        inherited: ["webhook_url": "mattermost_webhook_url"],
        check: require("webhook_url", because: "no Mattermost Webhook URL set either inline or in a file"),
        defaults: [
            "username": "{{ template `mattermost.default.username` . }}",
            "color": "{{ template `mattermost.default.color` . }}",
            "text": "{{ template `mattermost.default.text` . }}",
            "title": "{{ template `mattermost.default.title` . }}",
            "title_link": "{{ template `mattermost.default.titlelink` . }}",
            "fallback": "{{ template `mattermost.default.fallback` . }}",
        ],
        deliver: MattermostMessage.deliver)

    static let attachment = [
        "text", "fallback", "color", "pretext", "author_name", "author_link", "author_icon", "title", "title_link",
        "fields", "thumb_url", "footer", "footer_icon", "image_url",
    ]

}

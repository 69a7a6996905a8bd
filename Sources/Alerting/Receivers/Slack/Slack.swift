import Encoding

extension ReceiverKind {
    /// Messages to a channel of Slack, by a webhook or with the token of an app.
    static let slack = ReceiverKind(
        name: "slack", sendsResolved: false,
        texts: [
            "channel", "username", "color", "title", "title_link", "pretext", "text", "footer", "fallback",
            "callback_id", "icon_emoji", "icon_url", "image_url", "thumb_url", "message_text",
        ],
        addresses: ["app_url"], secrets: ["api_url", "app_token"],
        flags: ["short_fields", "link_names", "update_message", "reply_in_thread"], durations: ["timeout"],
        parts: [
            "fields": ["title", "value", "short"],
            "actions": ["type", "text", "url", "style", "name", "value", "confirm"],
        ], check: checkSlack,
        defaults: [
            "color": "{{ template `slack.default.color` . }}", "username": "{{ template `slack.default.username` . }}",
            "title": "{{ template `slack.default.title` . }}",
            "title_link": "{{ template `slack.default.titlelink` . }}",
            "icon_emoji": "{{ template `slack.default.iconemoji` . }}",
            "icon_url": "{{ template `slack.default.iconurl` . }}",
            "pretext": "{{ template `slack.default.pretext` . }}", "text": "{{ template `slack.default.text` . }}",
            "fallback": "{{ template `slack.default.fallback` . }}",
            "callback_id": "{{ template `slack.default.callbackid` . }}",
            "footer": "{{ template `slack.default.footer` . }}",
        ],
        deliver: SlackMessage.deliver)

    private static let checkSlack: Check = { section, settings, global in
        settings.lists["mrkdwn_in"] = section.strings("mrkdwn_in")
        if settings.secrets["api_url"] != nil, settings.secrets["app_token"] != nil {
            section.refuse(
                at: "app_token",
                "at most one of api_url/api_url_file & app_token/app_token_file must be configured", "keep the token")
        }
        if settings.secrets["api_url"] == nil, settings.secrets["app_token"] == nil {
            settings.secrets["app_token"] = global.secrets["slack_app_token"]
            settings.secrets["api_url"] = global.secrets["slack_api_url"]
        }
        if settings.texts["app_url"] == nil { settings.texts["app_url"] = global.addresses["slack_app_url"] }
        if settings.secrets["api_url"] == nil, settings.secrets["app_token"] == nil {
            section.refuse(
                "no Slack API URL nor App token set either inline or in a file",
                "set api_url here or slack_api_url in global")
        }
        if settings.flags["reply_in_thread"] == true, settings.secrets["app_token"] == nil {
            section.refuse(at: "reply_in_thread", "a thread needs the token of an app", "set app_token")
        }
        if settings.flags["update_message"] == true, settings.flags["reply_in_thread"] == true {
            section.refuse(
                at: "reply_in_thread", "at most one of update_message & reply_in_thread must be configured", "keep one")
        }
        for field in settings.parts["fields"] ?? [] where (field["title"] ?? "").isEmpty || field["value"] == nil {
            section.refuse(at: "fields", "missing title or value in Slack field configuration")
        }
        for action in settings.parts["actions"] ?? [] {
            if (action["type"] ?? "").isEmpty {
                section.refuse(at: "actions", "missing type in Slack action configuration")
            }
            if (action["text"] ?? "").isEmpty {
                section.refuse(at: "actions", "missing text in Slack action configuration")
            }
            if (action["url"] ?? "").isEmpty, (action["name"] ?? "").isEmpty {
                section.refuse(at: "actions", "missing name or url in Slack action configuration")
            }
        }
    }

}

import Encoding
import HTTP

extension ReceiverKind {
    /// Messages of Pushover.
    static let pushover = ReceiverKind(
        name: "pushover", sendsResolved: true,
        texts: ["api_url", "title", "message", "url", "url_title", "device", "sound", "priority"],
        secrets: ["user_key", "token"],
        flags: ["html", "monospace"], durations: ["retry", "expire", "ttl"],
        check: both(
            require("user_key", because: "one of user_key or user_key_file must be configured"),
            require("token", because: "one of token or token_file must be configured"),
            { section, settings, _ in
                if settings.flags["html"] == true, settings.flags["monospace"] == true {
                    section.refuse(at: "monospace", "at most one of monospace & html must be configured", "keep one")
                }
            }),
        defaults: [
            "title": "{{ template `pushover.default.title` . }}",
            "message": "{{ template `pushover.default.message` . }}", "url": "{{ template `pushover.default.url` . }}",
            "priority": "{{ if eq .Status `firing` }}2{{ else }}0{{ end }}",
            "api_url": "https://api.pushover.net/1/messages.json",
        ],
        deliver: post)

    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let settings = delivery.settings
        var message: String
        if settings.flags["html"] == true {
            message = try delivery.renderHTML(settings.text("message"))
        } else {
            message = try delivery.text("message")
        }
        message = Delivery.cut(message, max: 1024).trimmingWhitespace
        func seconds(_ key: String, _ fallback: Int) -> String { String((settings.numbers[key] ?? fallback) / 1000) }
        var fields = [
            ("token", try delivery.render(try delivery.secret("token"))),
            ("user", try delivery.render(try delivery.secret("user_key"))),
            ("title", try delivery.text("title", max: 250)),
            // Empty messages are refused there.
            ("message", message.isEmpty ? "(no details)" : message), ("url", try delivery.text("url", max: 512)),
            ("url_title", try delivery.text("url_title")), ("priority", try delivery.text("priority")),
            ("retry", seconds("retry", 60_000)), ("expire", seconds("expire", 3_600_000)),
            ("device", try delivery.text("device")), ("sound", try delivery.text("sound")),
        ]
        if settings.flags["html"] == true { fields.append(("html", "1")) }
        if settings.flags["monospace"] == true { fields.append(("monospace", "1")) }
        if let ttl = settings.numbers["ttl"], ttl >= 1000 { fields.append(("ttl", String(ttl / 1000))) }
        var request = delivery.request(settings.text("api_url"))
        request.fields = [("Content-Type", "application/x-www-form-urlencoded")]
        request.body = Array(FormText.encoded(fields).utf8)
        try delivery.send(request)
        return [:]
    }
}

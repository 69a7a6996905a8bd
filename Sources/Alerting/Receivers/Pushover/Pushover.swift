import Encoding

extension ReceiverKind {
    /// Messages of Pushover.
    static let pushover = ReceiverKind(
        name: "pushover", sendsResolved: true,
        texts: ["title", "message", "url", "url_title", "device", "sound", "priority"], secrets: ["user_key", "token"],
        flags: ["html", "monospace"], durations: ["retry", "expire", "ttl"],
        check: both(
            require("user_key", because: "one of user_key or user_key_file must be configured"),
            require("token", because: "one of token or token_file must be configured"),
            { section, settings, _ in
                if settings.flags["html"] == true, settings.flags["monospace"] == true {
                    section.refuse(at: "monospace", "at most one of monospace & html must be configured", "keep one")
                }
            }))
}

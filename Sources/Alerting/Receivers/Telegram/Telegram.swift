import Encoding

extension ReceiverKind {
    /// Messages of a bot of Telegram.
    static let telegram = ReceiverKind(
        name: "telegram", sendsResolved: true, texts: ["message", "parse_mode", "chat_id_file"],
        addresses: ["api_url"], secrets: ["bot_token"], flags: ["disable_notifications"],
        numbers: ["chat_id", "message_thread_id"],
        inherited: ["bot_token": "telegram_bot_token", "api_url": "telegram_api_url"],
        check: both(
            require("bot_token", because: "missing bot_token or bot_token_file on telegram_config"),
            require("chat_id", "chat_id_file", because: "missing chat_id on telegram_config"),
            { section, settings, _ in
                if !["", "Markdown", "MarkdownV2", "HTML"].contains(settings.text("parse_mode")) {
                    section.refuse(
                        at: "parse_mode",
                        "unknown parse_mode on telegram_config, must be Markdown, MarkdownV2, HTML or empty string")
                }
            }))
}

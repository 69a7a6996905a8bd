import Encoding
import HTTP

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
            }),
        defaults: ["message": "{{ template `telegram.default.message` . }}", "parse_mode": "HTML"],
        deliver: post)

    /// Longer messages are refused there.
    private static let messageMax = 4096

    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let settings = delivery.settings
        let isHTML = settings.text("parse_mode") == "HTML"
        var message: String
        if isHTML {
            message = try delivery.renderHTML(settings.text("message"))
            // Cutting it might leave a tag open, which is refused.
            if message.unicodeScalars.count > messageMax {
                message = "The notification is longer than Telegram takes: shorten the template of its message."
            }
        } else {
            message = try delivery.text("message", max: messageMax)
        }
        var body = JSONWriter()
        body.beginObject()
        body.member("chat_id", try chat(delivery))
        body.member("text", message)
        body.memberIfAny("parse_mode", settings.text("parse_mode"))
        body.name("disable_web_page_preview")
        body.bool(true)
        if settings.flags["disable_notifications"] == true {
            body.name("disable_notification")
            body.bool(true)
        }
        if let thread = settings.numbers["message_thread_id"], thread != 0 {
            body.name("message_thread_id")
            body.number(thread)
        }
        body.endObject()
        let url = "\(settings.text("api_url"))/bot\(try delivery.secret("bot_token"))/sendMessage"
        let answer = AnswerJSON.value(try delivery.send(delivery.request(url, json: body.bytes)))
        if answer["ok"]?.bool == false {
            throw DeliveryFailure(answer["description"]?.text ?? "the answer is not ok", isPassing: false)
        }
        return [:]
    }

    private static func chat(_ delivery: Delivery) throws(DeliveryFailure) -> String {
        if let id = delivery.settings.numbers["chat_id"] { return String(id) }
        do throws(ClientError) {
            return try SecretText.now(.file(delivery.settings.text("chat_id_file")))
        } catch {
            throw DeliveryFailure("\(error)", isPassing: true, reason: "secret")
        }
    }
}

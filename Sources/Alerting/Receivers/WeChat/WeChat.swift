import Encoding
import HTTP

extension ReceiverKind {
    /// Messages of WeChat Work.
    static let weChat = ReceiverKind(
        name: "wechat", sendsResolved: false,
        texts: ["corp_id", "message", "to_user", "to_party", "to_tag", "agent_id", "message_type"],
        addresses: ["api_url"], secrets: ["api_secret"],
        inherited: ["api_secret": "wechat_api_secret", "api_url": "wechat_api_url", "corp_id": "wechat_api_corp_id"],
        check: both(
            require("api_secret", because: "no global Wechat Api Secret set either inline or in a file"),
            require("corp_id", because: "no global Wechat CorpID set"),
            { section, settings, _ in
                if !["", "text", "markdown"].contains(settings.text("message_type")) {
                    section.refuse(
                        at: "message_type",
                        "weChat message type \(Quoted.text(settings.text("message_type"))) does not match valid options text or markdown"
                    )
                }
            }),
        defaults: [
            "message": "{{ template `wechat.default.message` . }}",
            "to_user": "{{ template `wechat.default.to_user` . }}",
            "to_party": "{{ template `wechat.default.to_party` . }}",
            "to_tag": "{{ template `wechat.default.to_tag` . }}",
            "agent_id": "{{ template `wechat.default.agent_id` . }}", "message_type": "text",
        ],
        deliver: post)

    private static func post(_ delivery: Delivery) throws(DeliveryFailure) -> [String: String] {
        let url = delivery.settings.text("api_url")
        let query = FormText.encoded([
            ("corpsecret", try delivery.render(try delivery.secret("api_secret"))),
            ("corpid", try delivery.text("corp_id")),
        ])
        let answer = try delivery.send(delivery.request(.get, "\(url)gettoken?\(query)"))
        guard let token = AnswerJSON.value(answer)["access_token"]?.text, !token.isEmpty else {
            throw DeliveryFailure(
                "invalid APISecret for CorpID: \(delivery.settings.text("corp_id"))", isPassing: false)
        }
        let isMarkdown = delivery.settings.text("message_type") == "markdown"
        var body = JSONWriter()
        body.beginObject()
        for (name, isUsed) in [("text", !isMarkdown), ("markdown", isMarkdown)] {
            body.name(name)
            body.beginObject()
            body.member("content", isUsed ? try delivery.text("message") : "")
            body.endObject()
        }
        body.memberIfAny("touser", try delivery.text("to_user"))
        body.memberIfAny("toparty", try delivery.text("to_party"))
        body.memberIfAny("totag", try delivery.text("to_tag"))
        body.memberIfAny("agentid", try delivery.text("agent_id"))
        body.member("safe", "0")
        body.memberIfAny("msgtype", delivery.settings.text("message_type"))
        body.endObject()
        let target = "\(url)message/send?" + FormText.encoded([("access_token", token)])
        let result = AnswerJSON.value(try delivery.send(delivery.request(target, json: body.bytes)))
        let code = result["errcode"]?.int ?? 0
        if code == 0 { return [:] }
        // The token has expired; the next attempt asks for another.
        throw DeliveryFailure(result["errmsg"]?.text ?? "error \(code)", isPassing: code == 42_001)
    }
}

import Encoding

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
            }))
}

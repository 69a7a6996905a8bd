package import Encoding
package import HTTP
import Model

/// `global`: what receivers have where they do not say otherwise.
package struct GlobalSettings: Sendable {
    /// After this long without news an alert without an end counts as resolved.
    package var resolveTimeoutMs: Int64 = 5 * 60_000
    package var client = HTTPClientOptions()
    package var smtp = SMTPSettings()
    /// Keys and tokens, by the key of the setting without `_file`, such as `slack_api_url`.
    package var secrets: [String: SecretSource] = [:]
    /// Addresses, by the key of the setting.
    package var addresses: [String: String] = [
        "pagerduty_url": "https://events.pagerduty.com/v2/enqueue", "opsgenie_api_url": "https://api.opsgenie.com/",
        "wechat_api_url": "https://qyapi.weixin.qq.com/cgi-bin/",
        "victorops_api_url": "https://alert.victorops.com/integrations/generic/20131114/alert/",
        "telegram_api_url": "https://api.telegram.org", "webex_api_url": "https://webexapis.com/v1/messages",
        "rocketchat_api_url": "https://open.rocket.chat/",
    ]

    package init() {}

    init(_ section: YAMLSection) {
        if let ms = section.durationMs("resolve_timeout") { resolveTimeoutMs = ms }
        if let http = section.section("http_config") { client = HTTPClientOptions.own(http) }
        smtp = SMTPSettings(section)
        for key in addresses.keys.sorted() + ["jira_api_url"] {
            guard let url = section.webAddress(key) else { continue }
            addresses[key] = url
        }
        if let id = section.string("wechat_api_corp_id") { addresses["wechat_api_corp_id"] = id }
        if let url = section.webAddress("slack_app_url") { addresses["slack_app_url"] = url }
        for key in Self.secretKeys { secrets[key] = section.secret(key, file: key + "_file") }
        checkSlack(section)
        section.finish()
    }

    private static let secretKeys = [
        "slack_api_url", "slack_app_token", "opsgenie_api_key", "victorops_api_key", "wechat_api_secret",
        "telegram_bot_token", "rocketchat_token", "rocketchat_token_id", "mattermost_webhook_url",
    ]

    /// A token goes with the address of Slack's API alone.
    private func checkSlack(_ section: YAMLSection) {
        guard secrets["slack_app_token"] != nil, let url = secrets["slack_api_url"] else { return }
        let isAPI: Bool = if case .text(let text) = url { text.text.hasPrefix("https://slack.com/api/") } else { false }
        if !isAPI {
            section.refuse(
                at: "slack_api_url",
                "at most one of slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file must be configured",
                "keep the token")
        }
    }
}

/// How mail leaves.
package struct SMTPSettings: Sendable {
    package var from = ""
    package var hello = "localhost"
    package var smarthost = ""
    package var user = ""
    package var identity = ""
    package var password: SecretSource?
    package var secret: SecretSource?
    package var requiresTLS = true
    /// Nil where the port tells.
    package var beginsWithTLS: Bool?
    package var tls = TLSClientOptions()

    package init() {}

    init(_ section: YAMLSection) {
        from = section.string("smtp_from") ?? ""
        hello = section.string("smtp_hello") ?? "localhost"
        smarthost = section.hostPort("smtp_smarthost") ?? ""
        user = section.string("smtp_auth_username") ?? ""
        identity = section.string("smtp_auth_identity") ?? ""
        password = section.secret("smtp_auth_password", file: "smtp_auth_password_file")
        secret = section.secret("smtp_auth_secret", file: "smtp_auth_secret_file")
        requiresTLS = section.bool("smtp_require_tls") ?? true
        beginsWithTLS = section.bool("smtp_force_implicit_tls")
        tls = TLSClientOptions.read(section, "smtp_tls_config")
    }
}

extension HTTPClientOptions {
    /// A section that holds nothing else.
    static func own(_ section: YAMLSection) -> HTTPClientOptions {
        let options = HTTPClientOptions(inlineIn: section)
        section.finish()
        return options
    }
}

/// Settings in the words of Alertmanager.
extension YAMLSection {
    /// An address with http or https.
    func webAddress(_ key: String) -> String? {
        guard let text = string(key) else { return nil }
        if text.hasPrefix("http://") || text.hasPrefix("https://") { return text }
        refuse(at: key, "unsupported scheme in \(key): \(Quoted.text(text))", "write an address with http or https")
        return nil
    }

    func hostPort(_ key: String) -> String? {
        guard let text = string(key) else { return nil }
        if let colon = text.lastIndex(of: ":"), text.index(after: colon) < text.endIndex { return text }
        refuse(at: key, "address \(Quoted.text(text)): cannot be split into host and port", "write host:port")
        return nil
    }
}

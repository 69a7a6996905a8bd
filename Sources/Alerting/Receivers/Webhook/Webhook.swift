import Encoding

extension ReceiverKind {
    /// Any server that takes Alertmanager's JSON.
    static let webhook = ReceiverKind(
        name: "webhook", sendsResolved: true, secrets: ["url"], numbers: ["max_alerts"], durations: ["timeout"],
        check: both(
            require("url", because: "one of url or url_file must be configured"),
            { section, settings, _ in
                guard case .text(let url)? = settings.secrets["url"] else { return }
                if !url.text.hasPrefix("http://"), !url.text.hasPrefix("https://"), !url.text.contains("{{") {
                    section.refuse(at: "url", "unsupported scheme for URL", "write an address with http or https")
                }
            }))
}

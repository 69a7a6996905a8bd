package import Encoding

/// Through which proxy requests go.
package enum ProxyOptions: Hashable, Sendable {
    case none
    /// `no_proxy` is a comma-separated list of hosts, domains and networks that are asked directly. The headers are
    /// sent with CONNECT.
    case fixed(URL, noProxy: String, headers: [HeaderOptions])
    /// `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`.
    case environment(headers: [HeaderOptions])
}

/// A header that is added to requests.
package struct HeaderOptions: Hashable, Sendable {
    package let name: String
    package let values: [SecretSource]

    package init(name: String, values: [SecretSource]) {
        self.name = name
        self.values = values
    }
}

extension ProxyOptions {
    /// Reads the proxy's keys of a section that has other keys as well.
    init(_ section: YAMLSection) {
        let url = section.string("proxy_url") == nil ? nil : section.url("proxy_url")
        let noProxy = section.string("no_proxy") ?? ""
        let usesEnvironment = section.bool("proxy_from_environment") ?? false
        let headers = Self.connectHeaders(section)
        let hasURL = url.map { !$0.text.isEmpty } ?? false
        if !headers.isEmpty, !usesEnvironment, !hasURL {
            section.refuse(
                at: "proxy_connect_header",
                "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured")
        }
        if usesEnvironment, hasURL {
            section.refuse(at: "proxy_url", "if proxy_from_environment is configured, proxy_url must not be configured")
        }
        if usesEnvironment, !noProxy.isEmpty {
            section.refuse(at: "no_proxy", "if proxy_from_environment is configured, no_proxy must not be configured")
        }
        if !usesEnvironment, url == nil, !noProxy.isEmpty {
            section.refuse(at: "no_proxy", "if no_proxy is configured, proxy_url must also be configured")
        }
        if usesEnvironment {
            self = .environment(headers: headers)
        } else if let url, hasURL {
            self = .fixed(url, noProxy: noProxy, headers: headers)
        } else {
            self = .none
        }
    }

    private static func connectHeaders(_ section: YAMLSection) -> [HeaderOptions] {
        (section.pairs("proxy_connect_header") ?? []).map { pair in
            HeaderOptions(
                name: pair.key, values: (section.reader.secrets(pair.value, pair.key) ?? []).map(SecretSource.text))
        }
    }
}

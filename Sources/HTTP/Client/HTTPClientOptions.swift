package import Encoding

/// What Prometheus' `http_config` holds: how an outgoing request proves itself, is encrypted and is routed.
package struct HTTPClientOptions: Hashable, Sendable {
    package enum Credentials: Hashable, Sendable {
        case none
        /// Basic authentication. A user without a password sends an empty one.
        case basic(user: SecretSource, password: SecretSource?)
        /// `Authorization: <type> <credentials>`.
        case authorization(type: String, SecretSource?)
        case oauth2(OAuth2Options)
    }

    package var credentials = Credentials.none
    package var tls = TLSClientOptions()
    package var followsRedirects = true
    /// Offered over TLS; plain connections stay HTTP/1.1.
    package var enablesHTTP2 = true
    package var proxy = ProxyOptions.none
    package var headers: [HeaderOptions] = []

    package init() {}
}

extension HTTPClientOptions {
    /// Reads its keys from a section that has other keys as well; the caller calls `finish`.
    package init(inlineIn section: YAMLSection, enablesHTTP2: Bool = true) {
        self.enablesHTTP2 = section.bool("enable_http2") ?? enablesHTTP2
        followsRedirects = section.bool("follow_redirects") ?? true
        tls = TLSClientOptions.read(section)
        proxy = ProxyOptions(section)
        headers = Self.headers(section)
        credentials = Self.credentials(section)
    }

    /// True where a section has none of these settings.
    package var isDefault: Bool { self == HTTPClientOptions() }

    /// The ways to prove oneself exclude each other; Prometheus' words for which.
    private static func credentials(_ section: YAMLSection) -> Credentials {
        let basic = section.section("basic_auth").map(basic)
        let authorization = section.section("authorization").map(authorization)
        let oauth2 = section.section("oauth2").map(OAuth2Options.init).map(Credentials.oauth2)
        let bearer = section.secret("bearer_token", file: "bearer_token_file")
        if bearer != nil, basic != nil || oauth2 != nil {
            section.refuse(
                at: section.value("bearer_token") == nil ? "bearer_token_file" : "bearer_token",
                "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured")
        }
        if bearer != nil, authorization != nil {
            section.refuse(at: "authorization", "authorization is not compatible with bearer_token & bearer_token_file")
        }
        if [basic != nil, authorization != nil, oauth2 != nil].filter(\.self).count > 1 {
            section.refuse(
                at: authorization == nil ? "oauth2" : "authorization",
                "at most one of basic_auth, oauth2 & authorization must be configured")
        }
        return basic ?? authorization ?? oauth2 ?? bearer.map { .authorization(type: "Bearer", $0) } ?? .none
    }

    private static func basic(_ section: YAMLSection) -> Credentials {
        let user = section.secret("username", file: "username_file")
        let password = section.secret("password", file: "password_file")
        section.refuseReferences(["username_ref", "password_ref"])
        section.finish()
        return .basic(user: user ?? .text(Secret("")), password: password)
    }

    private static func authorization(_ section: YAMLSection) -> Credentials {
        let written = section.string("type").map { String($0.drop(while: \.isWhitespace)) } ?? ""
        let type = written.isEmpty ? "Bearer" : written
        let credentials = section.secret("credentials", file: "credentials_file")
        section.refuseReferences(["credentials_ref"])
        if type.lowercased() == "basic" {
            section.refuse(at: "type", "authorization type cannot be set to \"basic\"", "use \"basic_auth\" instead")
        }
        section.finish()
        return .authorization(type: type, credentials)
    }

    private static func headers(_ section: YAMLSection) -> [HeaderOptions] {
        (section.pairs("http_headers") ?? []).compactMap { pair in
            if reserved.contains(pair.key.lowercased()) {
                section.reader.refuse(pair.value, "setting header \(Quoted.text(pair.key)) is not allowed")
            }
            guard let header = section.reader.section(pair.value, "header \(Quoted.text(pair.key))") else { return nil }
            let values = (header.strings("values") ?? []).map { SecretSource.text(Secret($0)) }
            let secrets = (header.secrets("secrets") ?? []).map(SecretSource.text)
            let files = header.paths("files").map(SecretSource.file)
            header.finish()
            return HeaderOptions(name: pair.key, values: values + secrets + files)
        }
    }

    /// Headers that the client sets itself, or that a setting of their own is for.
    private static let reserved: Set<String> = [
        "authorization", "host", "content-encoding", "content-length", "content-type", "user-agent", "connection",
        "keep-alive", "proxy-authenticate", "proxy-authorization", "www-authenticate", "accept-encoding",
        "x-prometheus-remote-write-version", "x-prometheus-remote-read-version",
        "x-prometheus-scrape-timeout-seconds", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256",
    ]
}

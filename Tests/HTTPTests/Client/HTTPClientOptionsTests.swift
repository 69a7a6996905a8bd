import Encoding
import HTTP
import Testing

@Suite struct HTTPClientOptionsTests {
    func read(_ text: String) -> (options: HTTPClientOptions?, errors: [String], files: [NamedFile]) {
        let reader = YAMLReader(file: "dir/p.yml", report: ConfigurationReport())
        let bytes = Array(text.utf8)
        guard let node = reader.document(bytes.span), let section = reader.section(node, "scrape config") else {
            return (nil, reader.report.errors.map(\.description), [])
        }
        let options = HTTPClientOptions(inlineIn: section)
        section.finish()
        return (options, reader.report.errors.map(\.description), reader.report.files)
    }

    @Test func hasPrometheusDefaults() {
        let options = HTTPClientOptions()
        #expect(options.followsRedirects)
        #expect(options.enablesHTTP2)
        #expect(options.credentials == .none)
        #expect(options.proxy == .none)
        #expect(options.isDefault)
    }

    @Test func readsEverySetting() throws {
        let (options, errors, files) = read(
            """
            basic_auth: {username: ann, password_file: pw}
            tls_config: {ca_file: /etc/ca, cert_file: c, key_file: k, server_name: s, insecure_skip_verify: true, min_version: TLS12, max_version: TLS13}
            proxy_url: http://user:pw@proxy:3128
            no_proxy: localhost,10.0.0.0/8
            proxy_connect_header: {X-A: [one, two]}
            follow_redirects: false
            enable_http2: false
            http_headers: {X-B: {values: [a], secrets: [b], files: [h]}}
            """)
        #expect(errors == [])
        let read = try #require(options)
        #expect(read.credentials == .basic(user: .text(Secret("ann")), password: .file("dir/pw")))
        #expect(read.tls.authority == .file("/etc/ca"))
        #expect(read.tls.certificate == .file("dir/c"))
        #expect(read.tls.versionMin == .tls12)
        #expect(read.tls.skipsVerification)
        #expect(!read.followsRedirects && !read.enablesHTTP2)
        #expect(
            read.headers == [
                HeaderOptions(name: "X-B", values: [.text(Secret("a")), .text(Secret("b")), .file("dir/h")])
            ])
        guard case .fixed(let url, "localhost,10.0.0.0/8", let connect) = read.proxy else {
            Issue.record("the proxy is \(read.proxy)")
            return
        }
        #expect("\(url)" == "http://user:xxxxx@proxy:3128")
        #expect(connect.map(\.name) == ["X-A"])
        #expect(Set(files.map(\.setting)) == ["password_file", "ca_file", "cert_file", "key_file", "files"])
    }

    @Test func readsABearerTokenAsAuthorization() {
        #expect(read("bearer_token: t").options?.credentials == .authorization(type: "Bearer", .text(Secret("t"))))
        #expect(read("bearer_token_file: /t").options?.credentials == .authorization(type: "Bearer", .file("/t")))
        let typed = read("authorization: {type: ' Token', credentials: t}").options?.credentials
        #expect(typed == .authorization(type: "Token", .text(Secret("t"))))
    }

    @Test func readsOAuth2() throws {
        let (options, errors, _) = read(
            "oauth2: {client_id: a, client_secret: b, token_url: http://c, scopes: [d], endpoint_params: {e: f}, tls_config: {server_name: g}}"
        )
        #expect(errors == [])
        guard case .oauth2(let oauth2)? = options?.credentials else {
            Issue.record("no oauth2")
            return
        }
        #expect(oauth2.grant == .clientCredentials(secret: .text(Secret("b"))))
        #expect(oauth2.scopes == ["d"] && oauth2.endpointParameters == ["e": "f"])
        #expect(oauth2.tls.serverName == "g")
    }

    @Test(arguments: [
        (
            "bearer_token: a\nbearer_token_file: b",
            "at most one of bearer_token & bearer_token_file must be configured; keep the file"
        ),
        (
            "bearer_token: a\nbasic_auth: {username: u}",
            "at most one of basic_auth, oauth2, bearer_token & bearer_token_file must be configured"
        ),
        (
            "bearer_token: a\nauthorization: {credentials: c}",
            "authorization is not compatible with bearer_token & bearer_token_file"
        ),
        (
            "basic_auth: {username: u}\nauthorization: {credentials: c}",
            "at most one of basic_auth, oauth2 & authorization must be configured"
        ),
        (
            "basic_auth: {username: u}\noauth2: {client_id: a, token_url: b}",
            "at most one of basic_auth, oauth2 & authorization must be configured"
        ),
        (
            "basic_auth: {username: u, username_file: f}",
            "at most one of username & username_file must be configured; keep the file"
        ),
        (
            "basic_auth: {password: u, password_file: f}",
            "at most one of password & password_file must be configured; keep the file"
        ),
        ("basic_auth: {password_ref: x}", "password_ref needs a secret manager, and obs has none; use password_file"),
        ("authorization: {type: Basic}", "authorization type cannot be set to \"basic\"; use \"basic_auth\" instead"),
        ("oauth2: {token_url: b}", "oauth2 client_id must be configured"),
        ("oauth2: {client_id: b}", "oauth2 token_url must be configured"),
        (
            "tls_config: {cert_file: c}",
            "exactly one of key or key_file must be configured when a client certificate is configured"
        ),
        (
            "tls_config: {key_file: c}",
            "exactly one of cert or cert_file must be configured when a client key is configured"
        ),
        ("tls_config: {ca: a, ca_file: b}", "at most one of ca & ca_file must be configured; keep the file"),
        ("tls_config: {min_version: TLS9}", "min_version is \"TLS9\"; did you mean \"TLS10\"?"),
        ("tls_config: {min_version: TLS13, max_version: TLS12}", "max_version is below min_version"),
        (
            "proxy_connect_header: {a: [b]}",
            "if proxy_connect_header is configured, proxy_url or proxy_from_environment must also be configured"
        ),
        (
            "proxy_from_environment: true\nproxy_url: http://p",
            "if proxy_from_environment is configured, proxy_url must not be configured"
        ),
        (
            "proxy_from_environment: true\nno_proxy: p",
            "if proxy_from_environment is configured, no_proxy must not be configured"
        ),
        ("no_proxy: p", "if no_proxy is configured, proxy_url must also be configured"),
        ("http_headers: {Host: {values: [a]}}", "setting header \"Host\" is not allowed"),
        (
            "folow_redirects: false",
            "unknown key \"folow_redirects\" in scrape config; did you mean \"follow_redirects\"?"
        ),
    ])
    func refusesWhatPrometheusRefuses(text: String, reason: String) {
        let errors = read(text).errors
        #expect(errors.contains { $0.hasSuffix(": " + reason) }, "\(errors)")
    }
}

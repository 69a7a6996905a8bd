package import Encoding
package import HTTP
import Model

/// `consul_sd_configs`: the services of a Consul catalog.
package struct ConsulDiscoveryOptions: Hashable, Sendable {
    package let server: String
    package let pathPrefix: String
    package let scheme: String
    package let token: Secret?
    package let datacenter: String
    package let namespace: String
    package let partition: String
    /// Between the tags of a service in their label.
    package let tagSeparator: String
    package let allowsStale: Bool
    /// All services where empty.
    package let services: [String]
    /// A service has to have all of them.
    package let tags: [String]
    package let nodeMetadata: [String: String]
    package let filter: String
    package let healthFilter: String
    package let refreshIntervalMs: Int64
    package let client: HTTPClientOptions

    init(_ section: YAMLSection) {
        server = section.string("server") ?? "localhost:8500"
        pathPrefix = section.string("path_prefix") ?? ""
        scheme = section.choice("scheme", ["http", "https"]) ?? "http"
        token = section.secret("token")
        datacenter = section.string("datacenter") ?? ""
        namespace = section.string("namespace") ?? ""
        partition = section.string("partition") ?? ""
        tagSeparator = section.string("tag_separator") ?? ","
        allowsStale = section.bool("allow_stale") ?? true
        services = section.strings("services") ?? []
        tags = section.strings("tags") ?? []
        nodeMetadata = section.texts("node_meta")
        filter = section.string("filter") ?? ""
        healthFilter = section.string("health_filter") ?? ""
        refreshIntervalMs = section.durationMs("refresh_interval") ?? 30_000
        client = Self.client(section, hasToken: token != nil)
        if section.isNull("server") || server.allSatisfy(\.isWhitespace) {
            section.refuse(at: "server", "consul SD configuration requires a server address")
        }
        section.finish()
    }

    /// User and password may stand here as well, from before there was `basic_auth`.
    private static func client(_ section: YAMLSection, hasToken: Bool) -> HTTPClientOptions {
        var client = HTTPClientOptions(inlineIn: section)
        let user = section.string("username")
        let password = section.secret("password")
        switch client.credentials {
        case .basic where user != nil || password != nil:
            section.refuse(
                at: "basic_auth",
                "at most one of consul SD configuration username and password and basic auth can be configured")
        case .authorization where hasToken, .oauth2 where hasToken:
            section.refuse(
                at: "token", "at most one of consul SD token, authorization, or oauth2 can be configured")
        case .none where user != nil || password != nil:
            client.credentials = .basic(user: .text(Secret(user ?? "")), password: password.map(SecretSource.text))
        default: break
        }
        return client
    }
}

import Encoding
package import HTTP
import Model

/// A condition on what a cloud or container API lists: one of the values has to hold.
package struct DiscoveryFilter: Hashable, Sendable {
    package let name: String
    package let values: [String]

    static func read(_ section: YAMLSection, _ key: String = "filters") -> [DiscoveryFilter] {
        section.sections(key, "filter").map { filter in
            let read = DiscoveryFilter(name: filter.string("name") ?? "", values: filter.strings("values") ?? [])
            if read.values.isEmpty { filter.refuse("filter values cannot be empty") }
            filter.finish()
            return read
        }
    }
}

/// `docker_sd_configs`: the containers of one Docker engine.
package struct DockerDiscoveryOptions: Hashable, Sendable {
    /// `unix://` path or `http://` address.
    package let host: String
    /// Of containers that expose none.
    package let port: Int
    package let filters: [DiscoveryFilter]
    /// The address of containers in the host's network.
    package let hostNetworkingHost: String
    /// Only the first network of a container in several.
    package let matchesFirstNetwork: Bool
    package let refreshIntervalMs: Int64
    package let client: HTTPClientOptions

    init(_ section: YAMLSection) {
        host = section.url("host")?.text ?? ""
        port = section.int("port", in: 0...65535) ?? 80
        filters = DiscoveryFilter.read(section)
        hostNetworkingHost = section.string("host_networking_host") ?? "localhost"
        matchesFirstNetwork = section.bool("match_first_network") ?? true
        refreshIntervalMs = section.durationMs("refresh_interval") ?? 60_000
        client = HTTPClientOptions(inlineIn: section)
        if section.value("host") == nil {
            section.refuse(at: "host", "host missing", "write unix:///var/run/docker.sock or an http:// address")
        }
        section.finish()
    }
}

import Encoding
import Model

/// `dns_sd_configs`: targets from DNS records.
package struct DNSDiscoveryOptions: Hashable, Sendable {
    package enum RecordType: String, Sendable, CaseIterable {
        case srv = "SRV"
        case a = "A"
        case aaaa = "AAAA"
        case mx = "MX"
        case ns = "NS"
    }

    package let names: [String]
    package let type: RecordType
    /// Of the targets; SRV records bring their own.
    package let port: Int
    package let refreshIntervalMs: Int64

    init(_ section: YAMLSection) {
        names = section.strings("names") ?? []
        port = section.int("port", in: 0...65535) ?? 0
        refreshIntervalMs = section.durationMs("refresh_interval") ?? 30_000
        let written = section.string("type") ?? "SRV"
        type = RecordType(rawValue: written.uppercased()) ?? .srv
        if RecordType(rawValue: written.uppercased()) == nil {
            section.refuse(
                at: "type", "invalid DNS-SD records type \(Quoted.text(written))", "use SRV, A, AAAA, MX or NS")
        }
        if names.isEmpty {
            section.refuse(at: "names", "DNS-SD config must contain at least one SRV record name")
        }
        if type != .srv, port == 0 {
            section.refuse(at: "port", "a port is required in DNS-SD configs for all record types except SRV")
        }
        section.finish()
    }
}

package import Encoding

/// Where the targets of a job or the Alertmanagers come from.
package enum DiscoveryOptions: Hashable, Sendable {
    case fixed([TargetGroup])
    case file(FileDiscoveryOptions)
    case http(HTTPDiscoveryOptions)
    case dns(DNSDiscoveryOptions)
    case docker(DockerDiscoveryOptions)
    case kubernetes(KubernetesDiscoveryOptions)
    case consul(ConsulDiscoveryOptions)
    case ec2(EC2DiscoveryOptions)
}

extension DiscoveryOptions {
    /// Reads `static_configs` and every `..._sd_configs` of a section that has other keys as well. Kinds that obs does
    /// not run are checked and named in a notice.
    package static func read(_ section: YAMLSection) -> [DiscoveryOptions] {
        var found: [DiscoveryOptions] = []
        let groups = TargetGroup.read(section.list("static_configs") ?? [], section.reader)
        if !groups.isEmpty { found.append(.fixed(groups)) }
        for (kind, read) in kinds {
            found += section.sections("\(kind)_sd_configs", "\(kind) discovery").map(read)
        }
        for unrun in UnrunDiscovery.all { unrun.read(section) }
        return found
    }

    private static let kinds: [(kind: String, read: @Sendable (YAMLSection) -> DiscoveryOptions)] = [
        ("file", { .file(FileDiscoveryOptions($0)) }),
        ("http", { .http(HTTPDiscoveryOptions($0)) }),
        ("dns", { .dns(DNSDiscoveryOptions($0)) }),
        ("docker", { .docker(DockerDiscoveryOptions($0)) }),
        ("kubernetes", { .kubernetes(KubernetesDiscoveryOptions($0)) }),
        ("consul", { .consul(ConsulDiscoveryOptions($0)) }),
        ("ec2", { .ec2(EC2DiscoveryOptions($0)) }),
    ]
}

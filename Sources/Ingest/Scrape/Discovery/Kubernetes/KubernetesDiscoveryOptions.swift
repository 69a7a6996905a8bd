import Encoding
package import HTTP

/// `kubernetes_sd_configs`: what a cluster's API lists and watches.
package struct KubernetesDiscoveryOptions: Hashable, Sendable {
    package enum Role: String, Sendable, CaseIterable {
        case node, service, pod, endpoints, endpointslice, ingress

        /// Of which kinds a selector may choose.
        var selectable: [Role] {
            switch self {
            case .pod: [.pod, .node]
            case .service: [.service]
            case .endpoints: [.pod, .service, .endpoints]
            case .endpointslice: [.pod, .service, .endpointslice]
            case .node: [.node]
            case .ingress: [.ingress]
            }
        }
    }

    package struct Selector: Hashable, Sendable {
        package let role: Role
        package let label: String
        package let field: String
    }

    /// What is asked for beside the role's own objects, to put it into labels.
    package struct Metadata: Hashable, Sendable {
        package var node = false
        package var namespace = false
        package var deployment = false
        package var job = false
        package var cronJob = false
    }

    package let role: Role
    /// Nil where the cluster is the one that this process runs in, or where a kubeconfig names it.
    package let server: URL?
    package let kubeconfigFile: String?
    /// All of them where empty and `ownNamespace` is false.
    package let namespaces: [String]
    package let ownNamespace: Bool
    package let selectors: [Selector]
    package let metadata: Metadata
    package let client: HTTPClientOptions

    init(_ section: YAMLSection) {
        let role = Self.role(section)
        self.role = role ?? .pod
        server = section.url("api_server")
        kubeconfigFile = section.path("kubeconfig_file")
        let scope = section.section("namespaces")
        namespaces = scope?.strings("names") ?? []
        ownNamespace = scope?.bool("own_namespace") ?? false
        scope?.finish()
        selectors = Self.selectors(section, role)
        metadata = Self.metadata(section)
        client = HTTPClientOptions(inlineIn: section)
        refuseCombinations(section)
        section.finish()
    }

    /// The ways to reach the cluster exclude each other; Prometheus' words for which.
    private func refuseCombinations(_ section: YAMLSection) {
        let hasServer = section.value("api_server") != nil
        if hasServer, kubeconfigFile != nil {
            section.refuse(at: "kubeconfig_file", "cannot use 'kubeconfig_file' and 'api_server' simultaneously")
        }
        if kubeconfigFile != nil, !client.isDefault {
            section.refuse(
                at: "kubeconfig_file",
                "cannot use a custom HTTP client configuration together with 'kubeconfig_file'")
        }
        if !hasServer, kubeconfigFile == nil, !client.isDefault {
            section.refuse(
                "to use custom HTTP client configuration please provide the 'api_server' URL explicitly")
        }
        if hasServer, ownNamespace {
            section.refuse(at: "namespaces", "cannot use 'api_server' and 'namespaces.own_namespace' simultaneously")
        }
        if kubeconfigFile != nil, ownNamespace {
            section.refuse(
                at: "namespaces", "cannot use 'kubeconfig_file' and 'namespaces.own_namespace' simultaneously")
        }
    }

    private static func role(_ section: YAMLSection) -> Role? {
        guard let text = section.string("role") else {
            section.refuse(at: "role", "role missing (one of: pod, service, endpoints, endpointslice, node, ingress)")
            return nil
        }
        if let role = Role(rawValue: text) { return role }
        section.refuse(
            at: "role", "unknown Kubernetes SD role \(Quoted.text(text))",
            "use pod, service, endpoints, endpointslice, node or ingress")
        return nil
    }

    private static func selectors(_ section: YAMLSection, _ role: Role?) -> [Selector] {
        var selectors: [Selector] = []
        for entry in section.sections("selectors", "selector") {
            let label = entry.string("label") ?? ""
            let field = entry.string("field") ?? ""
            if let selected = Self.role(entry) {
                if let role, !role.selectable.contains(selected) {
                    let names = role.selectable.map(\.rawValue).joined(separator: ", ")
                    entry.refuse(at: "role", "\(role.rawValue) role supports only \(names) selectors")
                }
                if selectors.contains(where: { $0.role == selected }) {
                    entry.refuse(at: "role", "duplicated selector role: \(selected.rawValue)")
                }
                selectors.append(Selector(role: selected, label: label, field: field))
            }
            entry.finish()
        }
        return selectors
    }

    private static func metadata(_ section: YAMLSection) -> Metadata {
        var metadata = Metadata()
        guard let attached = section.section("attach_metadata") else { return metadata }
        metadata.node = attached.bool("node") ?? false
        metadata.namespace = attached.bool("namespace") ?? false
        metadata.deployment = attached.bool("deployment") ?? false
        metadata.job = attached.bool("job") ?? false
        metadata.cronJob = attached.bool("cronjob") ?? false
        attached.finish()
        return metadata
    }
}

/// A kind of objects of the API that discoveries look at.
enum KubernetesResource: String, Hashable, Sendable, CaseIterable {
    case pods, services, endpoints, endpointslices, ingresses, nodes, namespaces, replicasets, jobs

    /// Nodes and namespaces lie in none.
    var isInNamespace: Bool { self != .nodes && self != .namespaces }

    func path(in namespace: String?) -> String {
        let group =
            switch self {
            case .pods, .services, .endpoints, .nodes, .namespaces: "/api/v1"
            case .endpointslices: "/apis/discovery.k8s.io/v1"
            case .ingresses: "/apis/networking.k8s.io/v1"
            case .replicasets: "/apis/apps/v1"
            case .jobs: "/apis/batch/v1"
            }
        guard let namespace, isInNamespace else { return "\(group)/\(rawValue)" }
        return "\(group)/namespaces/\(namespace)/\(rawValue)"
    }
}

extension KubernetesDiscoveryOptions {
    /// What has to be watched for the role and what is to be attached.
    var resources: [KubernetesResource] {
        var wanted: [KubernetesResource] =
            switch role {
            case .node: [.nodes]
            case .service: [.services]
            case .pod: [.pods]
            case .endpoints: [.endpoints, .services, .pods]
            case .endpointslice: [.endpointslices, .services, .pods]
            case .ingress: [.ingresses]
            }
        let hasPods = wanted.contains(.pods)
        if metadata.node, hasPods { wanted.append(.nodes) }
        if metadata.namespace, role != .node { wanted.append(.namespaces) }
        if metadata.deployment, hasPods { wanted.append(.replicasets) }
        if metadata.job || metadata.cronJob, hasPods { wanted.append(.jobs) }
        return wanted
    }

    func selector(of resource: KubernetesResource) -> Selector? {
        selectors.first { selector in
            switch selector.role {
            case .node: resource == .nodes
            case .service: resource == .services
            case .pod: resource == .pods
            case .endpoints: resource == .endpoints
            case .endpointslice: resource == .endpointslices
            case .ingress: resource == .ingresses
            }
        }
    }
}

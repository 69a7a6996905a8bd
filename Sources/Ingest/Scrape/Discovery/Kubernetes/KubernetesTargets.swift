import Encoding

/// What the watched objects are as targets, with the labels that Prometheus gives them.
struct KubernetesTargets {
    let options: KubernetesDiscoveryOptions
    /// By namespace and name.
    private let objects: [KubernetesResource: [String: JSONValue]]

    static let prefix = "__meta_kubernetes_"

    init(_ watches: [KubernetesWatch], _ options: KubernetesDiscoveryOptions) {
        self.options = options
        var objects: [KubernetesResource: [String: JSONValue]] = [:]
        for watch in watches { objects[watch.resource, default: [:]].merge(watch.objects) { $1 } }
        self.objects = objects
    }

    func object(_ resource: KubernetesResource, _ namespace: String, _ name: String) -> JSONValue? {
        objects[resource]?["\(namespace)/\(name)"]
    }

    /// In the order of namespaces and names.
    var groups: [TargetGroup] {
        switch options.role {
        case .node: all(.nodes).flatMap(node)
        case .service: all(.services).flatMap(service)
        case .pod: all(.pods).flatMap(pod)
        case .endpoints: all(.endpoints).flatMap(endpoints)
        case .endpointslice: all(.endpointslices).flatMap(endpointSlice)
        case .ingress: all(.ingresses).flatMap(ingress)
        }
    }

    private func all(_ resource: KubernetesResource) -> [JSONValue] {
        (objects[resource] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
    }

    // MARK: labels of any object

    static func name(_ object: JSONValue) -> String { object["metadata"]?["name"]?.text ?? "" }
    static func namespace(_ object: JSONValue) -> String { object["metadata"]?["namespace"]?.text ?? "" }

    /// Name, labels and annotations, each of the latter with a label that says that it is there.
    static func metadata(_ object: JSONValue, _ kind: String, named: Bool = true) -> [String: String] {
        var labels = marked(object["metadata"]?["labels"]?.members, "\(kind)_label")
        labels.merge(marked(object["metadata"]?["annotations"]?.members, "\(kind)_annotation")) { $1 }
        if named { labels["\(prefix)\(kind)_name"] = name(object) }
        return labels
    }

    static func marked(_ members: [JSONMember]?, _ kind: String) -> [String: String] {
        var labels: [String: String] = [:]
        for member in members ?? [] {
            let name = TargetNames.label(member.name)
            labels["\(prefix)\(kind)_\(name)"] = member.value.text ?? ""
            labels["\(prefix)\(kind)present_\(name)"] = "true"
        }
        return labels
    }

    /// The namespace with what is attached of it.
    func namespaceLabels(_ namespace: String) -> [String: String] {
        var labels = ["\(Self.prefix)namespace": namespace]
        if options.metadata.namespace, let object = object(.namespaces, "", namespace) {
            labels.merge(Self.metadata(object, "namespace", named: false)) { $1 }
        }
        return labels
    }

    /// What is attached of a node.
    func nodeLabels(_ name: String?) -> [String: String] {
        guard options.metadata.node, let name, let node = object(.nodes, "", name) else { return [:] }
        var labels = Self.marked(node["metadata"]?["labels"]?.members, "node_label")
        labels["\(Self.prefix)node_name"] = name
        return labels
    }
}

// MARK: - nodes, services, ingresses

extension KubernetesTargets {
    private static let addressTypes = ["InternalIP", "ExternalIP", "LegacyHostIP", "Hostname"]

    private func node(_ node: JSONValue) -> [TargetGroup] {
        var addresses: [String: String] = [:]
        for address in node["status"]?["addresses"]?.elements ?? [] {
            guard let type = address["type"]?.text, let text = address["address"]?.text else { continue }
            if addresses[type] == nil { addresses[type] = text }
        }
        guard let type = Self.addressTypes.first(where: { addresses[$0] != nil }), let host = addresses[type] else {
            return []
        }
        var labels = Self.metadata(node, "node")
        labels["\(Self.prefix)node_provider_id"] = node["spec"]?["providerID"]?.text ?? ""
        labels["instance"] = Self.name(node)
        for (type, address) in addresses { labels["\(Self.prefix)node_address_\(TargetNames.label(type))"] = address }
        let port = node["status"]?["daemonEndpoints"]?["kubeletEndpoint"]?["Port"]?.int ?? 0
        return [TargetGroup(targets: [TargetNames.address(host, port)], labels: labels)]
    }

    func serviceLabels(_ service: JSONValue) -> [String: String] {
        var labels = Self.metadata(service, "service")
        labels["\(Self.prefix)namespace"] = Self.namespace(service)
        return labels
    }

    private func service(_ service: JSONValue) -> [TargetGroup] {
        let (name, namespace) = (Self.name(service), Self.namespace(service))
        let type = service["spec"]?["type"]?.text ?? ""
        var common = serviceLabels(service).merging(namespaceLabels(namespace)) { $1 }
        common["\(Self.prefix)service_type"] = type
        if type == "ExternalName" {
            common["\(Self.prefix)service_external_name"] = service["spec"]?["externalName"]?.text ?? ""
        } else {
            common["\(Self.prefix)service_cluster_ip"] = service["spec"]?["clusterIP"]?.text ?? ""
        }
        return (service["spec"]?["ports"]?.elements ?? []).map { port in
            let number = port["port"]?.int ?? 0
            let labels = [
                "\(Self.prefix)service_port_name": port["name"]?.text ?? "",
                "\(Self.prefix)service_port_number": "\(number)",
                "\(Self.prefix)service_port_protocol": port["protocol"]?.text ?? "",
            ]
            return TargetGroup(targets: [TargetNames.address("\(name).\(namespace).svc", number)], labels: labels)
                .adding(common)
        }
    }

    private func ingress(_ ingress: JSONValue) -> [TargetGroup] {
        var common = Self.metadata(ingress, "ingress").merging(namespaceLabels(Self.namespace(ingress))) { $1 }
        if let name = ingress["spec"]?["ingressClassName"]?.text { common["\(Self.prefix)ingress_class_name"] = name }
        let encrypted = (ingress["spec"]?["tls"]?.elements ?? []).flatMap { $0["hosts"]?.elements ?? [] }
            .compactMap(\.text)
        return (ingress["spec"]?["rules"]?.elements ?? []).flatMap { rule -> [TargetGroup] in
            let host = rule["host"]?.text ?? ""
            let isEncrypted = encrypted.contains { Self.matches(host, pattern: $0) }
            let paths = rule["http"]?["paths"]?.elements?.map { $0["path"]?.text ?? "" } ?? ["/"]
            return paths.map { path in
                let labels = [
                    "\(Self.prefix)ingress_scheme": isEncrypted ? "https" : "http",
                    "\(Self.prefix)ingress_host": host, "\(Self.prefix)ingress_path": path.isEmpty ? "/" : path,
                ]
                return TargetGroup(targets: [host], labels: labels).adding(common)
            }
        }
    }

    /// Whether a host is the one that is meant, or one of those of a wildcard, which stands for one word.
    private static func matches(_ host: String, pattern: String) -> Bool {
        if host == pattern { return true }
        let (wanted, words) = (pattern.split(separator: "."), host.split(separator: "."))
        return wanted.first == "*" && wanted.count == words.count && wanted.dropFirst() == words.dropFirst()
    }
}

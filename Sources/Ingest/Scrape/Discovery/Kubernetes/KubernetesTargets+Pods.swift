import Encoding

/// Pods, and what lies behind services.
extension KubernetesTargets {
    /// What is told of a pod, wherever it is found.
    func podLabels(_ pod: JSONValue) -> [String: String] {
        var labels = Self.metadata(pod, "pod")
        func set(_ name: String, _ value: String?) { labels["\(Self.prefix)pod_\(name)"] = value ?? "" }
        set("ip", pod["status"]?["podIP"]?.text)
        set("ready", Self.readiness(pod))
        set("phase", pod["status"]?["phase"]?.text)
        set("node_name", pod["spec"]?["nodeName"]?.text)
        set("host_ip", pod["status"]?["hostIP"]?.text)
        set("uid", pod["metadata"]?["uid"]?.text)
        if let owner = Self.controller(of: pod) {
            if let kind = owner["kind"]?.text { set("controller_kind", kind) }
            if let name = owner["name"]?.text { set("controller_name", name) }
            labels.merge(ownerLabels(owner, in: Self.namespace(pod))) { $1 }
        }
        return labels
    }

    private static func readiness(_ pod: JSONValue) -> String {
        let conditions = pod["status"]?["conditions"]?.elements ?? []
        return (conditions.first { $0["type"]?.text == "Ready" }?["status"]?.text ?? "unknown").lowercased()
    }

    private static func controller(of object: JSONValue) -> JSONValue? {
        (object["metadata"]?["ownerReferences"]?.elements ?? []).first { $0["controller"]?.bool == true }
    }

    /// What stands behind the controller of a pod.
    private func ownerLabels(_ owner: JSONValue, in namespace: String) -> [String: String] {
        let (kind, name) = (owner["kind"]?.text ?? "", owner["name"]?.text ?? "")
        var labels: [String: String] = [:]
        if kind == "ReplicaSet", options.metadata.deployment,
            let above = object(.replicasets, namespace, name).flatMap(Self.controller),
            above["kind"]?.text == "Deployment"
        {
            labels["\(Self.prefix)pod_deployment_name"] = above["name"]?.text ?? ""
        }
        guard kind == "Job" else { return labels }
        if options.metadata.job { labels["\(Self.prefix)pod_job_name"] = name }
        if options.metadata.cronJob, let above = object(.jobs, namespace, name).flatMap(Self.controller),
            above["kind"]?.text == "CronJob"
        {
            labels["\(Self.prefix)pod_cronjob_name"] = above["name"]?.text ?? ""
        }
        return labels
    }

    private struct Container {
        let object: JSONValue
        let isInit: Bool

        var ports: [JSONValue] { object["ports"]?.elements ?? [] }
        var labels: [String: String] {
            [
                "\(KubernetesTargets.prefix)pod_container_name": object["name"]?.text ?? "",
                "\(KubernetesTargets.prefix)pod_container_image": object["image"]?.text ?? "",
            ]
        }

        func labels(of port: JSONValue) -> [String: String] {
            labels.merging([
                "\(KubernetesTargets.prefix)pod_container_port_name": port["name"]?.text ?? "",
                "\(KubernetesTargets.prefix)pod_container_port_number": "\(port["containerPort"]?.int ?? 0)",
                "\(KubernetesTargets.prefix)pod_container_port_protocol": port["protocol"]?.text ?? "",
            ]) { $1 }
        }
    }

    private static func containers(_ pod: JSONValue) -> [Container] {
        let main = pod["spec"]?["containers"]?.elements ?? []
        let before = pod["spec"]?["initContainers"]?.elements ?? []
        return main.map { Container(object: $0, isInit: false) } + before.map { Container(object: $0, isInit: true) }
    }

    /// One target for each port of each container; a container without ports is one with the pod's address alone.
    func pod(_ pod: JSONValue) -> [TargetGroup] {
        guard let address = pod["status"]?["podIP"]?.text, !address.isEmpty else { return [] }
        let common = podLabels(pod).merging(namespaceLabels(Self.namespace(pod))) { $1 }
            .merging(nodeLabels(pod["spec"]?["nodeName"]?.text)) { $1 }
        var ids: [String: String] = [:]
        for key in ["containerStatuses", "initContainerStatuses"] {
            for status in pod["status"]?[key]?.elements ?? [] {
                ids[status["name"]?.text ?? ""] = status["containerID"]?.text ?? ""
            }
        }
        return Self.containers(pod).flatMap { container -> [TargetGroup] in
            let own = [
                "\(Self.prefix)pod_container_id": ids[container.object["name"]?.text ?? ""] ?? "",
                "\(Self.prefix)pod_container_init": "\(container.isInit)",
            ]
            if container.ports.isEmpty {
                return [TargetGroup(targets: [address], labels: container.labels).adding(own).adding(common)]
            }
            return container.ports.map { port in
                TargetGroup(
                    targets: [TargetNames.address(address, port["containerPort"]?.int ?? 0)],
                    labels: container.labels(of: port)
                ).adding(own).adding(common)
            }
        }
    }

    // MARK: behind services

    /// Pods that targets stand for, with the ports by which they do.
    private struct SeenPods {
        private(set) var order: [String] = []
        private(set) var pods: [String: (pod: JSONValue, ports: Set<Int>)] = [:]

        mutating func note(_ pod: JSONValue, _ port: Int?) {
            let key = "\(KubernetesTargets.namespace(pod))/\(KubernetesTargets.name(pod))"
            if pods[key] == nil {
                pods[key] = (pod, [])
                order.append(key)
            }
            if let port { pods[key]?.ports.insert(port) }
        }
    }

    private func pod(behind reference: JSONValue?) -> JSONValue? {
        guard let reference, reference["kind"]?.text == "Pod" else { return nil }
        return object(.pods, reference["namespace"]?.text ?? "", reference["name"]?.text ?? "")
    }

    /// A target with what its pod tells, where there is one.
    private func target(
        _ address: String, _ labels: [String: String], _ reference: JSONValue?, port: Int?, _ seen: inout SeenPods
    ) -> TargetGroup {
        let group = TargetGroup(targets: [address], labels: labels)
        guard let pod = pod(behind: reference) else { return group }
        seen.note(pod, port)
        let match = Self.containers(pod).lazy.compactMap { container in
            container.ports.first { port != nil && $0["containerPort"]?.int == port }.map { container.labels(of: $0) }
        }.first
        return group.adding(podLabels(pod)).adding(match ?? [:])
    }

    /// Ports of pods that no service has.
    private func uncovered(_ seen: SeenPods) -> [TargetGroup] {
        seen.order.flatMap { key -> [TargetGroup] in
            guard let (pod, covered) = seen.pods[key], let address = pod["status"]?["podIP"]?.text, !address.isEmpty
            else { return [] }
            let labels = podLabels(pod)
            return Self.containers(pod).flatMap { container -> [TargetGroup] in
                container.ports.compactMap { port in
                    let number = port["containerPort"]?.int ?? 0
                    if covered.contains(number) { return nil }
                    return TargetGroup(
                        targets: [TargetNames.address(address, number)], labels: container.labels(of: port)
                    ).adding(labels)
                }
            }
        }
    }

    private func common(_ object: JSONValue, _ kind: String, service: String?) -> [String: String] {
        let namespace = Self.namespace(object)
        var labels = Self.metadata(object, kind).merging(namespaceLabels(namespace)) { $1 }
        if let service, let found = self.object(.services, namespace, service) {
            labels.merge(serviceLabels(found)) { $1 }
        }
        return labels
    }

    func endpoints(_ endpoints: JSONValue) -> [TargetGroup] {
        let common = common(endpoints, "endpoints", service: Self.name(endpoints))
        var seen = SeenPods()
        var targets: [TargetGroup] = []
        for subset in endpoints["subsets"]?.elements ?? [] {
            for port in subset["ports"]?.elements ?? [] {
                for (key, isReady) in [("addresses", "true"), ("notReadyAddresses", "false")] {
                    for address in subset[key]?.elements ?? [] {
                        targets.append(endpoint(address, port, isReady, &seen))
                    }
                }
            }
        }
        return (targets + uncovered(seen)).map { $0.adding(common) }
    }

    private func endpoint(
        _ address: JSONValue, _ port: JSONValue, _ isReady: String, _ seen: inout SeenPods
    ) -> TargetGroup {
        let number = port["port"]?.int ?? 0
        var labels = [
            "\(Self.prefix)endpoint_port_name": port["name"]?.text ?? "",
            "\(Self.prefix)endpoint_port_protocol": port["protocol"]?.text ?? "",
            "\(Self.prefix)endpoint_ready": isReady,
        ]
        let reference = address["targetRef"]
        if let reference {
            labels["\(Self.prefix)endpoint_address_target_kind"] = reference["kind"]?.text ?? ""
            labels["\(Self.prefix)endpoint_address_target_name"] = reference["name"]?.text ?? ""
        }
        if let node = address["nodeName"]?.text { labels["\(Self.prefix)endpoint_node_name"] = node }
        if let host = address["hostname"]?.text { labels["\(Self.prefix)endpoint_hostname"] = host }
        let isNode = reference?["kind"]?.text == "Node"
        labels.merge(nodeLabels(isNode ? reference?["name"]?.text : address["nodeName"]?.text)) { $1 }
        return target(
            TargetNames.address(address["ip"]?.text ?? "", number), labels, reference, port: number, &seen)
    }

    func endpointSlice(_ slice: JSONValue) -> [TargetGroup] {
        let service = slice["metadata"]?["labels"]?["kubernetes.io/service-name"]?.text
        var common = common(slice, "endpointslice", service: service)
        common["\(Self.prefix)endpointslice_address_type"] = slice["addressType"]?.text ?? ""
        var seen = SeenPods()
        var targets: [TargetGroup] = []
        for endpoint in slice["endpoints"]?.elements ?? [] {
            for port in slice["ports"]?.elements ?? [] {
                for address in (endpoint["addresses"]?.elements ?? []).compactMap(\.text) {
                    let number = port["port"]?.int
                    let labels = sliceLabels(endpoint, port)
                    targets.append(
                        target(
                            number.map { TargetNames.address(address, $0) } ?? address, labels, endpoint["targetRef"],
                            port: number, &seen))
                }
            }
        }
        return (targets + uncovered(seen)).map { $0.adding(common) }
    }

    private func sliceLabels(_ endpoint: JSONValue, _ port: JSONValue) -> [String: String] {
        var labels: [String: String] = [:]
        func set(_ name: String, _ value: String?) {
            if let value { labels["\(Self.prefix)endpointslice_\(name)"] = value }
        }
        set("port_name", port["name"]?.text)
        set("port_protocol", port["protocol"]?.text)
        set("port", port["port"]?.int.map(String.init))
        set("port_app_protocol", port["appProtocol"]?.text)
        for condition in ["ready", "serving", "terminating"] {
            set("endpoint_conditions_\(condition)", endpoint["conditions"]?[condition]?.bool.map { "\($0)" })
        }
        set("endpoint_hostname", endpoint["hostname"]?.text)
        set("endpoint_node_name", endpoint["nodeName"]?.text)
        set("endpoint_zone", endpoint["zone"]?.text)
        let reference = endpoint["targetRef"]
        if let reference {
            set("address_target_kind", reference["kind"]?.text ?? "")
            set("address_target_name", reference["name"]?.text ?? "")
        }
        for member in endpoint["deprecatedTopology"]?.members ?? [] {
            let name = TargetNames.label(member.name)
            set("endpoint_topology_\(name)", member.value.text ?? "")
            set("endpoint_topology_present_\(name)", "true")
        }
        let isNode = reference?["kind"]?.text == "Node"
        return labels.merging(nodeLabels(isNode ? reference?["name"]?.text : endpoint["nodeName"]?.text)) { $1 }
    }
}

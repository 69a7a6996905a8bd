import Encoding
import HTTP

/// The containers of one Docker engine, asked again and again: one target for each network and port that is open by TCP.
struct DockerDiscovery: Discovery {
    private let options: DockerDiscoveryOptions

    init(_ options: DockerDiscoveryOptions) { self.options = options }

    func run(_ turn: DiscoveryTurn) {
        turn.poll {
            if let containers = ask("/containers/json\(query)", turn), let networks = ask("/networks", turn) {
                turn.publish(groups(containers.elements ?? [], Self.labels(networks.elements ?? [])))
            }
            return options.refreshIntervalMs
        }
    }

    private func ask(_ path: String, _ turn: DiscoveryTurn) -> JSONValue? {
        var request = ClientRequest(.get, base + path)
        request.options = options.client
        if options.host.hasPrefix(Self.socketScheme) {
            request.unixSocket = String(options.host.dropFirst(Self.socketScheme.count))
        }
        request.timeoutNs = max(1, options.refreshIntervalMs) * 1_000_000
        request.answerBytesMax = Self.answerBytesMax
        guard let response = turn.answer(to: request) else { return nil }
        do throws(JSONError) {
            return try JSONValue.parse(response.body.span)
        } catch {
            turn.failed("\(base + path) answers what is no JSON: \(error)")
            return nil
        }
    }

    private static let socketScheme = "unix://"
    private static let answerBytesMax = 64 << 20

    /// Docker's clients write `tcp://` where it is plain HTTP, or HTTPS where there is a certificate.
    private var base: String {
        if options.host.hasPrefix(Self.socketScheme) { return "http://localhost" }
        let plain = options.host.hasSuffix("/") ? String(options.host.dropLast()) : options.host
        guard plain.hasPrefix("tcp://") else { return plain }
        let hasCertificates = options.client.tls.certificate != nil || options.client.tls.authority != nil
        return (hasCertificates ? "https" : "http") + plain.dropFirst("tcp".count)
    }

    /// The filters in the engine's form: `{"name":{"value":true}}`.
    private var query: String {
        if options.filters.isEmpty { return "" }
        var writer = JSONWriter()
        writer.beginObject()
        for filter in options.filters {
            writer.name(filter.name)
            writer.beginObject()
            for value in filter.values { writer.member(value, true) }
            writer.endObject()
        }
        writer.endObject()
        return "?filters=" + PercentEncoding.encode(String(decoding: writer.bytes, as: UTF8.self))
    }

    /// What is told of each network, by its id.
    private static func labels(_ networks: [JSONValue]) -> [String: [String: String]] {
        var found: [String: [String: String]] = [:]
        for network in networks {
            guard let id = network["Id"]?.text else { continue }
            var labels = [
                "__meta_docker_network_id": id, "__meta_docker_network_name": network["Name"]?.text ?? "",
                "__meta_docker_network_scope": network["Scope"]?.text ?? "",
                "__meta_docker_network_internal": "\(network["Internal"]?.bool ?? false)",
                "__meta_docker_network_ingress": "\(network["Ingress"]?.bool ?? false)",
            ]
            for label in network["Labels"]?.members ?? [] {
                labels["__meta_docker_network_label_" + TargetNames.label(label.name)] = label.value.text ?? ""
            }
            found[id] = labels
        }
        return found
    }

    private func groups(_ containers: [JSONValue], _ networkLabels: [String: [String: String]]) -> [TargetGroup] {
        var byID: [String: JSONValue] = [:]
        for container in containers { byID[container["Id"]?.text ?? ""] = container }
        return containers.flatMap { container -> [TargetGroup] in
            guard let name = container["Names"]?.elements?.first?.text else { return [] }
            let common = Self.common(container, name)
            return networks(of: container, byID).flatMap { network in
                let more = networkLabels[network["NetworkID"]?.text ?? ""] ?? [:]
                return targets(container, network).map { $0.adding(common).adding(more) }
            }
        }
    }

    private static func common(_ container: JSONValue, _ name: String) -> [String: String] {
        var labels = [
            "__meta_docker_container_id": container["Id"]?.text ?? "", "__meta_docker_container_name": name,
            "__meta_docker_container_network_mode": mode(of: container),
        ]
        for label in container["Labels"]?.members ?? [] {
            labels["__meta_docker_container_label_" + TargetNames.label(label.name)] = label.value.text ?? ""
        }
        return labels
    }

    private static func mode(of container: JSONValue) -> String { container["HostConfig"]?["NetworkMode"]?.text ?? "" }

    /// Those of a container, or of the one whose network it shares.
    private func networks(of container: JSONValue, _ byID: [String: JSONValue]) -> [JSONValue] {
        var networks = container["NetworkSettings"]?["Networks"]?.members ?? []
        var mode = Self.mode(of: container)
        var steps = 0
        let prefix = "container:"
        while networks.isEmpty, mode.hasPrefix(prefix), steps < byID.count {
            guard let other = byID[String(mode.dropFirst(prefix.count))] else { break }
            networks = other["NetworkSettings"]?["Networks"]?.members ?? []
            mode = Self.mode(of: other)
            steps += 1
        }
        let there = networks.filter { !$0.value.isNull }.sorted { $0.name < $1.name }
        let wanted = options.matchesFirstNetwork ? there.prefix(1) : there[...]
        return wanted.map(\.value)
    }

    private func targets(_ container: JSONValue, _ network: JSONValue) -> [TargetGroup] {
        let address = network["IPAddress"]?.text ?? ""
        let ports = (container["Ports"]?.elements ?? []).filter { $0["Type"]?.text == "tcp" }
        let targets = ports.map { port -> TargetGroup in
            let number = port["PrivatePort"]?.int ?? 0
            var labels = ["__meta_docker_network_ip": address, "__meta_docker_port_private": "\(number)"]
            if let open = port["PublicPort"]?.int, open > 0 {
                labels["__meta_docker_port_public"] = "\(open)"
                labels["__meta_docker_port_public_ip"] = port["IP"]?.text ?? ""
            }
            return TargetGroup(targets: [TargetNames.address(address, number)], labels: labels)
        }
        if !targets.isEmpty { return targets }
        let isHost = Self.mode(of: container) == "host"
        let target = isHost ? options.hostNetworkingHost : TargetNames.address(address, options.port)
        return [TargetGroup(targets: [target], labels: ["__meta_docker_network_ip": address])]
    }
}

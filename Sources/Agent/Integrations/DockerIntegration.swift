import Encoding
import HTTP

/// Containers as Docker's engine tells of them: which there are, how they are, and what the running ones use. Names follow
/// cAdvisor's behind `docker_`, because control groups are told of under cAdvisor's own.
final class DockerIntegration: Collector {
    static let definition = IntegrationDefinition("docker") { section in
        let socket = section.string("socket") ?? "/var/run/docker.sock"
        return { context in DockerIntegration(context.host.root(socket), context.client) }
    }

    enum Limits {
        /// Further containers are counted by state and not told of one by one.
        static let containersMax = 200
    }

    private static let states = ["created", "running", "paused", "restarting", "removing", "exited", "dead"]

    private let socket: String
    private let client: HTTPClient

    init(_ socket: String, _ client: HTTPClient) {
        (self.socket, self.client) = (socket, client)
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var isUp = 0.0
        defer { page.add("docker_up", .gauge, "1 if the engine answers.", isUp) }
        let containers = try ask("/containers/json?all=1").elements ?? []
        isUp = 1
        var counts: [String: Double] = [:]
        for container in containers { counts[container["State"]?.text ?? "", default: 0] += 1 }
        let byState = page.family("docker_containers", .gauge, "Containers by state.")
        for state in Self.states { page.add(byState, counts[state] ?? 0, "state", state) }
        var failure: CollectorError?
        for container in containers.prefix(Limits.containersMax) {
            do { try add(container, &page) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private func add(_ container: JSONValue, _ page: inout MetricPage) throws(CollectorError) {
        guard let id = container["Id"]?.text, let name = container["Names"]?.elements?.first?.text else { return }
        let labels = [
            ("id", id), ("name", String(name.drop { $0 == "/" })), ("image", container["Image"]?.text ?? ""),
        ]
        let state = container["State"]?.text ?? ""
        page.add("docker_container_info", .gauge, "A container.", 1, labels + [("state", state)])
        // `Up 2 minutes (unhealthy)`; there is no such word where nobody looks.
        let status = container["Status"]?.text ?? ""
        for (word, value) in [("(healthy)", 1.0), ("(unhealthy)", 0)] where status.hasSuffix(word) {
            page.add("docker_container_healthy", .gauge, "1 if the container says that it works.", value, labels)
        }
        if let created = container["Created"]?.int {
            page.add("docker_container_created_seconds", .gauge, "When it was made.", Double(created), labels)
        }
        guard state == "running" else { return }
        addUse(try ask("/containers/\(id)/stats?stream=false&one-shot=true"), labels, &page)
    }

    private func addUse(_ stats: JSONValue, _ labels: [MetricPage.Label], _ page: inout MetricPage) {
        func add(_ name: String, _ kind: MetricPage.Kind, _ help: String, _ value: Double?) {
            if let value { page.add("docker_container_\(name)", kind, help, value, labels) }
        }
        add(
            "cpu_usage_seconds_total", .counter, "Seconds of processors.",
            stats["cpu_stats"]?["cpu_usage"]?["total_usage"]?.double.map { $0 / 1e9 })
        let memory = stats["memory_stats"]
        // Groups of the first kind tell of themselves and those below under another name.
        let inactive = (memory?["stats"]?["total_inactive_file"] ?? memory?["stats"]?["inactive_file"])?.double ?? 0
        add("memory_usage_bytes", .gauge, "Memory with caches.", memory?["usage"]?.double)
        add(
            "memory_working_set_bytes", .gauge, "Memory that cannot be had back at once.",
            memory?["usage"]?.double.map { max(0, $0 - inactive) })
        add("spec_memory_limit_bytes", .gauge, "The limit of memory.", memory?["limit"]?.double)
        add("processes", .gauge, "Processes and threads.", stats["pids_stats"]?["current"]?.double)
        for network in stats["networks"]?.members ?? [] {
            for (key, name) in [
                ("rx_bytes", "receive_bytes_total"), ("rx_packets", "receive_packets_total"),
                ("rx_errors", "receive_errors_total"), ("rx_dropped", "receive_packets_dropped_total"),
                ("tx_bytes", "transmit_bytes_total"), ("tx_packets", "transmit_packets_total"),
                ("tx_errors", "transmit_errors_total"), ("tx_dropped", "transmit_packets_dropped_total"),
            ] {
                guard let value = network.value[key]?.double else { continue }
                page.add(
                    "docker_container_network_\(name)", .counter, "\(key) of a container's network.", value,
                    labels + [("interface", network.name)])
            }
        }
    }

    private func ask(_ path: String) throws(CollectorError) -> JSONValue {
        let body = try ServiceConversation.page("http://localhost\(path)", client, unixSocket: socket)
        do throws(JSONError) {
            return try JSONValue.parse(body.span)
        } catch {
            throw .failed("\(socket) answers what is no JSON: \(error)")
        }
    }
}

/// Bytes that wait in the queues of UDP sockets.
final class UdpQueuesCollector: Collector {
    static let definition = CollectorDefinition("udp_queues") { host, _ in UdpQueuesCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let isThere = [add("net/udp", "v4", &page), add("net/udp6", "v6", &page)]
        guard isThere.contains(true) else { throw .noData("there are no UDP sockets") }
    }

    private func add(_ path: String, _ version: String, _ page: inout MetricPage) -> Bool {
        guard host.reads(host.proc(path), into: &text) else { return false }
        let sums = SocketTable.queues(&text)
        let family = page.family("node_udp_queues", .gauge, "Bytes that wait in the queues of UDP sockets.")
        page.add(family, sums.sending, "queue", "tx", "ip", version)
        page.add(family, sums.receiving, "queue", "rx", "ip", version)
        return true
    }
}

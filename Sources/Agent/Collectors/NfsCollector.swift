/// Calls of the NFS client.
final class NfsCollector: Collector {
    static let definition = CollectorDefinition("nfs") { host, _ in NfsCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("net/rpc/nfs"), into: &text)
        while text.nextLine() {
            switch text.string(0) {
            case "net": addPackets(&page)
            case "rpc": addCalls(&page)
            case "proc2": addRequests("2", NFSMethods.version2, &page)
            case "proc3": addRequests("3", NFSMethods.version3, &page)
            case "proc4": addRequests("4", NFSMethods.clientVersion4, &page)
            default: break
            }
        }
    }

    private func addPackets(_ page: inout MetricPage) {
        let packets = page.family("node_nfs_packets_total", .counter, "Packets of the NFS client by protocol.")
        if let count = text.number(2) { page.add(packets, count, "protocol", "udp") }
        if let count = text.number(3) { page.add(packets, count, "protocol", "tcp") }
        if let count = text.number(4) {
            page.add("node_nfs_connections_total", .counter, "TCP connections of the NFS client.", count)
        }
    }

    private func addCalls(_ page: inout MetricPage) {
        for (index, metric, help) in [
            (1, "rpcs", "Calls of the NFS client."), (2, "rpc_retransmissions", "Calls that were sent again."),
            (3, "rpc_authentication_refreshes", "Refreshes of authentication."),
        ] {
            if let count = text.number(index) { page.add("node_nfs_\(metric)_total", .counter, help, count) }
        }
    }

    private func addRequests(_ version: String, _ methods: [String], _ page: inout MetricPage) {
        let family = page.family("node_nfs_requests_total", .counter, "Requests of the NFS client by method.")
        // Fields: the line's name, how many methods the kernel counts, their counts.
        for (index, method) in methods.enumerated() {
            page.add(family, text.number(index + 2) ?? 0, "proto", version, "method", method)
        }
    }
}

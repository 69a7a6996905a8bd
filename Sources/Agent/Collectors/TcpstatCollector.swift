import Posix

/// TCP sockets by state, and what waits in their queues. Not on in node_exporter, yet read by the popular dashboards.
final class TcpstatCollector: Collector {
    static let definition = CollectorDefinition("tcpstat") { host, _ in TcpstatCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        // What netlink tells is about this process' network, as /proc is.
        if host.procfs == "/proc", let sockets = try? SocketDiagnosis.tcp() {  // a kernel without it has the files
            let counts = zip(SocketTable.states, sockets.counts).filter { !$0.0.isEmpty && $0.1 > 0 }
            let queues = SocketTable.Queues(
                sending: Double(sockets.sendingBytes), receiving: Double(sockets.receivingBytes))
            return add(Dictionary(uniqueKeysWithValues: counts), queues, &page)
        }
        try addFromFiles(&page)
    }

    private func addFromFiles(_ page: inout MetricPage) throws(CollectorError) {
        var counts: [String: Int] = [:]
        var queues = SocketTable.Queues()
        var isThere = false
        for path in ["net/tcp", "net/tcp6"] where host.reads(host.proc(path), into: &text) {
            isThere = true
            SocketTable.countStates(&text, into: &counts)
            text.rewind()
            let sums = SocketTable.queues(&text)
            queues.sending += sums.sending
            queues.receiving += sums.receiving
        }
        guard isThere else { throw .noData("there are no TCP sockets") }
        add(counts, queues, &page)
    }

    private func add(_ counts: [String: Int], _ queues: SocketTable.Queues, _ page: inout MetricPage) {
        let family = page.family("node_tcp_connection_states", .gauge, "TCP sockets by state.")
        for (state, count) in counts.sorted(by: { $0.key < $1.key }) {
            page.add(family, Double(count), "state", state)
        }
        page.add(family, queues.sending, "state", "tx_queued_bytes")
        page.add(family, queues.receiving, "state", "rx_queued_bytes")
    }
}

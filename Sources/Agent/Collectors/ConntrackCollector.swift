/// How full the connection tracking table is, and what became of its look-ups.
final class ConntrackCollector: Collector {
    static let definition = CollectorDefinition("conntrack") { host, _ in ConntrackCollector(host) }

    private let host: HostFiles
    private var text = FieldText()
    /// The column of /proc/net/stat/nf_conntrack and what it counts.
    private static let statistics = [
        ("found", "Look-ups that found their entry."),
        ("invalid", "Packets that cannot be tracked."),
        ("ignore", "Packets of connections that are tracked already."),
        ("insert", "Entries that were inserted."),
        ("insert_failed", "Entries whose insertion failed."),
        ("drop", "Packets dropped because tracking failed."),
        ("early_drop", "Entries dropped to make room for new ones in a full table."),
        ("search_restart", "Look-ups that were begun again because the table was resized."),
    ]

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        guard let count = host.number(host.proc("sys/net/netfilter/nf_conntrack_count")),
            let limit = host.number(host.proc("sys/net/netfilter/nf_conntrack_max"))
        else { throw .noData("connection tracking is not loaded") }
        page.add("node_nf_conntrack_entries", .gauge, "Connections that are tracked now.", count)
        page.add("node_nf_conntrack_entries_limit", .gauge, "Connections that can be tracked at the most.", limit)
        try host.read(host.proc("net/stat/nf_conntrack"), into: &text)
        guard text.nextLine() else { throw .failed("\(host.proc("net/stat/nf_conntrack")) is empty") }
        let columns = (0..<text.count).map { text.string($0) }
        var sums = [UInt64](repeating: 0, count: columns.count)
        while text.nextLine() {
            for index in columns.indices { sums[index] &+= UInt64(text.string(index), radix: 16) ?? 0 }
        }
        for (name, help) in Self.statistics {
            guard let column = columns.firstIndex(of: name) else { continue }
            page.add("node_nf_conntrack_stat_\(name)", .gauge, help, Double(sums[column]))
        }
    }
}

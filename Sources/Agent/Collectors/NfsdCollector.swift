/// Calls of the NFS server.
final class NfsdCollector: Collector {
    static let definition = CollectorDefinition("nfsd") { host, _ in NfsdCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    /// The line, its column, the metric without its suffix and what it counts.
    private static let counters = [
        ("rc", 1, "reply_cache_hits", "Replies that were sent again from the cache."),
        ("rc", 2, "reply_cache_misses", "Requests that had to be cached."),
        ("rc", 3, "reply_cache_nocache", "Requests that need no cache."),
        ("fh", 1, "file_handles_stale", "File handles that had become stale."),
        ("io", 1, "disk_bytes_read", "Bytes that were read for clients."),
        ("io", 2, "disk_bytes_written", "Bytes that were written for clients."),
        ("net", 4, "connections", "TCP connections of clients."),
        ("rpc", 1, "server_rpcs", "Calls of clients."),
    ]

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("net/rpc/nfsd"), into: &text)
        while text.nextLine() {
            let line = text.string(0)
            for (name, column, metric, help) in Self.counters where name == line {
                if let count = text.number(column) { page.add("node_nfsd_\(metric)_total", .counter, help, count) }
            }
            addMore(line, &page)
        }
    }

    private func addMore(_ line: String, _ page: inout MetricPage) {
        switch line {
        case "th":
            if let count = text.number(1) {
                page.add("node_nfsd_server_threads", .gauge, "Threads of the server.", count)
            }
        case "ra":
            if let size = text.number(1), let missed = text.number(text.count - 1) {
                page.add("node_nfsd_read_ahead_cache_size_blocks", .gauge, "Blocks of the read-ahead cache.", size)
                page.add(
                    "node_nfsd_read_ahead_cache_not_found_total", .counter,
                    "Look-ups that the read-ahead cache missed.",
                    missed)
            }
        case "net":
            let packets = page.family("node_nfsd_packets_total", .counter, "Packets of the server by protocol.")
            if let count = text.number(2) { page.add(packets, count, "proto", "udp") }
            if let count = text.number(3) { page.add(packets, count, "proto", "tcp") }
        case "rpc":
            let errors = page.family("node_nfsd_rpc_errors_total", .counter, "Calls that were refused, by reason.")
            for (column, reason) in [(3, "fmt"), (4, "auth"), (5, "cInt")] {
                if let count = text.number(column) { page.add(errors, count, "error", reason) }
            }
        case "proc2": addRequests("2", NFSMethods.version2, &page)
        case "proc3": addRequests("3", NFSMethods.version3, &page)
        case "proc4ops": addRequests("4", NFSMethods.serverVersion4, &page)
        case "wdeleg_getattr":
            if let count = text.number(1) { page.add(requests(&page), count, "proto", "4", "method", "WdelegGetattr") }
        default: break
        }
    }

    private func requests(_ page: inout MetricPage) -> MetricPage.Family {
        page.family("node_nfsd_requests_total", .counter, "Requests of clients by method.")
    }

    private func addRequests(_ version: String, _ methods: [String], _ page: inout MetricPage) {
        let family = requests(&page)
        for (index, method) in methods.enumerated() where !method.isEmpty && method != "Null" {
            page.add(family, text.number(index + 2) ?? 0, "proto", version, "method", method)
        }
    }
}

/// Packets that each CPU took from the network.
final class SoftnetCollector: Collector {
    static let definition = CollectorDefinition("softnet") { host, _ in SoftnetCollector(host) }

    /// The column of /proc/net/softnet_stat, the metric and what it counts; older kernels have fewer columns.
    private static let columns: [(column: Int, metric: String, kind: MetricPage.Kind, help: String)] = [
        (0, "processed_total", .counter, "Packets that were processed."),
        (1, "dropped_total", .counter, "Packets that were dropped."),
        (2, "times_squeezed_total", .counter, "How often a CPU had more packets than its budget."),
        (8, "cpu_collision_total", .counter, "Collisions for the lock of a device while sending."),
        (9, "received_rps_total", .counter, "How often a CPU was woken to take packets for another."),
        (10, "flow_limit_count_total", .counter, "How often the limit of a flow was reached."),
        (11, "backlog_len", .gauge, "Packets that wait."),
    ]

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("net/softnet_stat"), into: &text)
        var row = 0
        while text.nextLine() {
            // Kernels that name the CPU leave out those that are offline.
            let cpu = UInt64(text.string(12), radix: 16).map { String($0) } ?? String(row)
            for column in Self.columns {
                // Older kernels show no backlog, which is none.
                let isShort = text.count <= column.column
                if isShort, column.column != 11 { continue }
                let value = isShort ? 0 : UInt64(text.string(column.column), radix: 16) ?? 0
                let family = page.family("node_softnet_\(column.metric)", column.kind, column.help)
                page.add(family, Double(value), "cpu", cpu)
            }
            row += 1
        }
    }
}

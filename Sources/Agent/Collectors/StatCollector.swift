/// Interrupts, context switches, forks, processes and the time of the last boot from /proc/stat.
final class StatCollector: Collector {
    static let definition = CollectorDefinition(
        "stat", settings: [CollectorSetting("softirq", "show soft interrupts by kind", standard: "false")]
    ) { host, settings in StatCollector(host, showsSoftirqs: settings.isOn("softirq")) }

    /// The order of the line `softirq`, after its sum.
    private static let vectors = [
        "hi", "timer", "net_tx", "net_rx", "block", "block_iopoll", "tasklet", "sched", "hrtimer", "rcu",
    ]

    private let host: HostFiles
    private let showsSoftirqs: Bool
    private var text = FieldText()

    init(_ host: HostFiles, showsSoftirqs: Bool) {
        self.host = host
        self.showsSoftirqs = showsSoftirqs
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("stat"), into: &text)
        while text.nextLine() {
            guard let value = text.number(1) else { continue }
            switch text.string(0) {
            case "intr": page.add("node_intr_total", .counter, "Interrupts that were serviced.", value)
            case "ctxt": page.add("node_context_switches_total", .counter, "Context switches.", value)
            case "processes": page.add("node_forks_total", .counter, "Processes and threads that were begun.", value)
            case "btime":
                page.add("node_boot_time_seconds", .gauge, "When the host booted, in seconds since 1970.", value)
            case "procs_running": page.add("node_procs_running", .gauge, "Processes that can run.", value)
            case "procs_blocked":
                page.add("node_procs_blocked", .gauge, "Processes that wait for input or output.", value)
            case "softirq" where showsSoftirqs: addSoftirqs(&page)
            default: break
            }
        }
    }

    private func addSoftirqs(_ page: inout MetricPage) {
        let family = page.family("node_softirqs_total", .counter, "Soft interrupts by kind.")
        for (index, vector) in Self.vectors.enumerated() {
            page.add(family, text.number(index + 2) ?? 0, "vector", vector)
        }
    }
}

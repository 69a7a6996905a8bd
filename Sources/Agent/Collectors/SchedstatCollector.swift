/// What the scheduler did on each CPU.
final class SchedstatCollector: Collector {
    static let definition = CollectorDefinition("schedstat") { host, _ in SchedstatCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("schedstat"), into: &text)
        let running = page.family("node_schedstat_running_seconds_total", .counter, "Seconds that a CPU ran processes.")
        let waiting = page.family(
            "node_schedstat_waiting_seconds_total", .counter, "Seconds that processes waited for a CPU.")
        let slices = page.family("node_schedstat_timeslices_total", .counter, "Time slices that a CPU gave.")
        while text.nextLine() {
            guard text.hasPrefix(0, "cpu"), let ranNs = text.number(7), let waitedNs = text.number(8),
                let count = text.number(9)
            else { continue }
            let cpu = String(text.string(0).dropFirst(3))
            page.add(running, ranNs / 1e9, "cpu", cpu)
            page.add(waiting, waitedNs / 1e9, "cpu", cpu)
            page.add(slices, count, "cpu", cpu)
        }
    }
}

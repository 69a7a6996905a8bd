/// Time that was lost waiting for CPU, memory, input and output.
final class PressureCollector: Collector {
    static let definition = CollectorDefinition("pressure") { host, _ in PressureCollector(host) }

    /// The file, the kind of its line, the metric and what it counts.
    private static let sources = [
        ("cpu", "some", "cpu_waiting", "Seconds that processes waited for a CPU."),
        ("io", "some", "io_waiting", "Seconds that processes waited for input and output."),
        ("io", "full", "io_stalled", "Seconds that no process could go on for want of input and output."),
        ("memory", "some", "memory_waiting", "Seconds that processes waited for memory."),
        ("memory", "full", "memory_stalled", "Seconds that no process could go on for want of memory."),
        ("irq", "full", "irq_stalled", "Seconds that no process could go on because of interrupts."),
    ]

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var isThere = false
        for (file, kind, metric, help) in Self.sources where host.reads(host.proc("pressure/\(file)"), into: &text) {
            isThere = true
            while text.nextLine() {
                guard text.isEqual(0, kind), text.count > 1, text.hasPrefix(text.count - 1, "total=") else { continue }
                let total = text.string(text.count - 1).dropFirst("total=".count)
                guard let microseconds = Double(total) else { continue }
                page.add("node_pressure_\(metric)_seconds_total", .counter, help, microseconds / 1e6)
            }
        }
        guard isThere else { throw .noData("this kernel does not measure pressure, or was told not to (psi=0)") }
    }
}

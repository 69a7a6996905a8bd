/// Interrupts by CPU and kind. Not on in node_exporter, yet read by the popular dashboards.
final class InterruptsCollector: Collector {
    static let definition = CollectorDefinition("interrupts") { host, _ in InterruptsCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("interrupts"), into: &text)
        guard text.nextLine() else { throw .failed("\(host.proc("interrupts")) is empty") }
        let cpus = text.count
        let family = page.family("node_interrupts_total", .counter, "Interrupts by CPU and kind.")
        while text.nextLine() {
            // ERR and MIS are sums over all CPUs, which have no place here.
            guard text.count > cpus, cpus > 0 else { continue }
            let type = text.key(0)
            let isNumbered = Int(type) != nil
            let info = isNumbered ? text.string(cpus + 1) : text.rest(from: cpus + 1)
            let devices = isNumbered ? text.rest(from: cpus + 2) : ""
            for cpu in 0..<cpus {
                guard let count = text.number(cpu + 1) else { continue }
                page.add(
                    family, count,
                    [("cpu", String(cpu)), ("type", type), ("info", info), ("devices", devices)])
            }
        }
    }
}

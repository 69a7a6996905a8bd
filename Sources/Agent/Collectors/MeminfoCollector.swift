/// Every line of /proc/meminfo.
final class MeminfoCollector: Collector {
    static let definition = CollectorDefinition("meminfo") { host, _ in MeminfoCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("meminfo"), into: &text)
        while text.nextLine() {
            guard let value = text.number(1) else { continue }
            let field = Self.metricName(text.key(0))
            if text.isEqual(2, "kB") {
                page.add("node_memory_\(field)_bytes", .gauge, "\(field) of /proc/meminfo.", value * 1_024)
            } else {
                page.add("node_memory_\(field)", .gauge, "\(field) of /proc/meminfo.", value)
            }
        }
    }

    /// `Active(anon)` is `Active_anon` in a metric's name.
    static func metricName(_ field: String) -> String {
        String(field.compactMap { $0 == "(" ? "_" : $0 == ")" ? nil : $0 })
    }
}

/// Every line of /proc/meminfo.
final class MeminfoCollector: Collector {
    static let definition = CollectorDefinition("meminfo") { host, _ in MeminfoCollector(host) }

    private let host: HostFiles
    private var text = FieldText()
    private var known = KnownNames()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("meminfo"), into: &text)
        known.rewind()
        while text.nextLine() {
            guard let value = text.number(1) else { continue }
            let isKilobytes = text.isEqual(2, "kB")
            let family = known.family(of: text, 0) { name in
                let field = Self.metricName(name)
                return page.family(
                    "node_memory_\(field)\(isKilobytes ? "_bytes" : "")", .gauge, "\(field) of /proc/meminfo.")
            }
            if let family { page.add(family, isKilobytes ? value * 1_024 : value) }
        }
    }

    /// `Active(anon):` is `Active_anon` in a metric's name.
    static func metricName(_ field: String) -> String {
        String(field.compactMap { $0 == "(" ? "_" : $0 == ")" || $0 == ":" ? nil : $0 })
    }
}

/// Energy that the packages have used.
final class RaplCollector: Collector {
    static let definition = CollectorDefinition("rapl") { host, _ in RaplCollector(host) }

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/powercap")
        let zones = host.list(folder).filter { $0.hasPrefix("intel-rapl:") }
        guard !zones.isEmpty else { throw .noData("energy is not measured here") }
        var counts: [String: Int] = [:]
        for zone in zones {
            let path = "\(folder)/\(zone)"
            // Only root may read the counter since it was found to betray secrets.
            guard let name = host.attribute("\(path)/name"), let microjoules = host.number("\(path)/energy_uj") else {
                continue
            }
            // `package-0` carries its number; others are counted.
            let parts = name.split(separator: "-")
            let numbered = parts.count > 1 ? Int(parts[parts.count - 1]) : nil
            let kind = SensorFile.metricName(numbered == nil ? name : parts.dropLast().joined(separator: "_"))
            let index = numbered ?? counts[kind, default: 0]
            if numbered == nil { counts[kind, default: 0] += 1 }
            let family = page.family("node_rapl_\(kind)_joules_total", .counter, "Energy used: \(kind).")
            page.add(family, microjoules / 1e6, "index", String(index), "path", path)
        }
    }
}

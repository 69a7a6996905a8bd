/// Temperatures of the thermal zones, and how far cooling is turned up.
final class ThermalZoneCollector: Collector {
    static let definition = CollectorDefinition("thermal_zone") { host, _ in ThermalZoneCollector(host) }

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/thermal")
        for name in host.list(folder) {
            let path = "\(folder)/\(name)"
            if name.hasPrefix("thermal_zone") {
                guard let type = host.attribute("\(path)/type"), let millidegrees = host.number("\(path)/temp") else {
                    continue
                }
                let family = page.family("node_thermal_zone_temp", .gauge, "Temperature of a zone in degrees Celsius.")
                page.add(
                    family, millidegrees / 1_000, "zone", String(name.dropFirst("thermal_zone".count)), "type", type)
            } else if name.hasPrefix("cooling_device") {
                addCooling(String(name.dropFirst("cooling_device".count)), at: path, &page)
            }
        }
    }

    private func addCooling(_ device: String, at path: String, _ page: inout MetricPage) {
        guard let type = host.attribute("\(path)/type") else { return }
        if let state = host.number("\(path)/cur_state") {
            let family = page.family("node_cooling_device_cur_state", .gauge, "How far a cooling device is turned up.")
            page.add(family, state, "name", device, "type", type)
        }
        if let state = host.number("\(path)/max_state") {
            let family = page.family(
                "node_cooling_device_max_state", .gauge, "How far a cooling device can be turned up.")
            page.add(family, state, "name", device, "type", type)
        }
    }
}

import Posix

/// The host's clock: its time, its zone and where it comes from.
final class TimeCollector: Collector {
    static let definition = CollectorDefinition("time") { host, _ in TimeCollector(host, clock: SystemTime()) }

    private let host: HostFiles
    private let clock: any TimeSource

    init(_ host: HostFiles, clock: any TimeSource) {
        self.host = host
        self.clock = clock
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        page.add("node_time_seconds", .gauge, "Seconds since 1970.", Double(clock.wallNs) / 1e9)
        let zone = LocalZone.offset(atSeconds: clock.wallNs / 1_000_000_000)
        page.add(
            page.family("node_time_zone_offset_seconds", .gauge, "How far local time is ahead of UTC."),
            Double(zone.seconds), "time_zone", zone.name)
        let folder = host.sys("devices/system/clocksource")
        for name in host.list(folder) where name.hasPrefix("clocksource") {
            let device = String(name.dropFirst("clocksource".count))
            let available = page.family(
                "node_time_clocksource_available_info", .gauge, "1 for each clock that the kernel could take.")
            for source in (host.attribute("\(folder)/\(name)/available_clocksource") ?? "").split(separator: " ") {
                page.add(available, 1, "device", device, "clocksource", String(source))
            }
            guard let current = host.attribute("\(folder)/\(name)/current_clocksource") else { continue }
            let taken = page.family(
                "node_time_clocksource_current_info", .gauge, "1 for the clock that the kernel takes.")
            page.add(taken, 1, "device", device, "clocksource", current)
        }
    }
}

/// Watchdog timers.
final class WatchdogCollector: Collector {
    static let definition = CollectorDefinition("watchdog") { host, _ in WatchdogCollector(host) }

    /// The attribute and the name that it has in a metric.
    private static let numbers = [
        ("bootstatus", "bootstatus"), ("fw_version", "fw_version"), ("nowayout", "nowayout"),
        ("timeleft", "timeleft_seconds"), ("timeout", "timeout_seconds"), ("pretimeout", "pretimeout_seconds"),
        ("access_cs0", "access_cs0"),
    ]
    private static let words = ["identity", "options", "pretimeout_governor", "state", "status"]

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/watchdog")
        let names = host.list(folder)
        guard !names.isEmpty else { throw .noData("there is no watchdog") }
        for name in names {
            for (attribute, metric) in Self.numbers {
                guard let value = host.number("\(folder)/\(name)/\(attribute)") else { continue }
                let family = page.family(
                    "node_watchdog_\(metric)", .gauge, "The attribute \(attribute) of a watchdog.")
                page.add(family, value, "name", name)
            }
            let labels: [MetricPage.Label] = Self.words.map { ($0, host.attribute("\(folder)/\(name)/\($0)") ?? "") }
            page.add("node_watchdog_info", .gauge, "What is known of a watchdog.", 1, [("name", name)] + labels)
        }
    }
}

/// Entries of the ARP table by device.
final class ArpCollector: Collector {
    static let definition = CollectorDefinition(
        "arp",
        settings: [
            CollectorSetting("device-include", "only devices that this expression finds something in"),
            CollectorSetting("device-exclude", "no devices that this expression finds something in"),
        ]
    ) { host, settings throws(CollectorError) in
        ArpCollector(host, devices: try settings.filter("device"))
    }

    private let host: HostFiles
    private let devices: NameFilter
    private var text = FieldText()

    init(_ host: HostFiles, devices: NameFilter) {
        self.host = host
        self.devices = devices
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("net/arp"), into: &text)
        var counts: [String: Int] = [:]
        _ = text.nextLine()
        while text.nextLine() {
            guard text.count >= 6 else { continue }
            counts[text.string(5), default: 0] += 1
        }
        let entries = page.family("node_arp_entries", .gauge, "Entries of the ARP table by device.")
        for (device, count) in counts.sorted(by: { $0.key < $1.key }) where devices.takes(device) {
            page.add(entries, Double(count), "device", device)
        }
    }
}

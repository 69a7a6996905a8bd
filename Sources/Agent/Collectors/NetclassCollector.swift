import Encoding

/// What /sys/class/net says of each network device.
final class NetclassCollector: Collector {
    static let definition = CollectorDefinition(
        "netclass",
        settings: [
            CollectorSetting(
                "ignored-devices", "no devices that this expression finds something in", standard: "^$"),
            CollectorSetting(
                "ignore-invalid-speed", "leave out the speed of devices that have none", standard: "false"),
        ]
    ) { host, settings throws(CollectorError) in
        NetclassCollector(
            host, devices: try NameFilter(exclude: settings.text("ignored-devices")),
            ignoresInvalidSpeed: settings.isOn("ignore-invalid-speed"))
    }

    /// The attribute and the name that it has in a metric.
    private static let gauges = [
        ("addr_assign_type", "address_assign_type"), ("carrier", "carrier"), ("dev_id", "device_id"),
        ("dormant", "dormant"), ("flags", "flags"), ("ifindex", "iface_id"), ("iflink", "iface_link"),
        ("link_mode", "iface_link_mode"), ("mtu", "mtu_bytes"), ("name_assign_type", "name_assign_type"),
        ("netdev_group", "net_dev_group"), ("tx_queue_len", "transmit_queue_length"), ("type", "protocol_type"),
    ]
    private static let counters = [
        ("carrier_changes", "carrier_changes_total"), ("carrier_up_count", "carrier_up_changes_total"),
        ("carrier_down_count", "carrier_down_changes_total"),
    ]

    private let host: HostFiles
    private let devices: NameFilter
    private let ignoresInvalidSpeed: Bool

    init(_ host: HostFiles, devices: NameFilter, ignoresInvalidSpeed: Bool) {
        self.host = host
        self.devices = devices
        self.ignoresInvalidSpeed = ignoresInvalidSpeed
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/net")
        let names = host.list(folder)
        guard !names.isEmpty else { throw .noData("there are no network devices") }
        for device in names where devices.takes(device) && host.isDirectory("\(folder)/\(device)") {
            addState(of: device, at: "\(folder)/\(device)", &page)
            for (attribute, name) in Self.gauges { add(attribute, name, .gauge, of: device, &page) }
            for (attribute, name) in Self.counters { add(attribute, name, .counter, of: device, &page) }
            addSpeed(of: device, &page)
        }
    }

    private func addState(of device: String, at path: String, _ page: inout MetricPage) {
        let state = host.attribute("\(path)/operstate") ?? ""
        page.add(
            page.family("node_network_up", .gauge, "1 if the device is up."), state == "up" ? 1 : 0, "device", device)
        let flags = host.attribute("\(path)/flags").flatMap(FloatReading.integer)
        page.add(
            "node_network_info", .gauge, "What is known of a network device.", 1,
            [
                ("device", device), ("address", host.attribute("\(path)/address") ?? ""),
                ("broadcast", host.attribute("\(path)/broadcast") ?? ""),
                ("duplex", host.attribute("\(path)/duplex") ?? ""), ("operstate", state),
                // IFF_UP
                ("adminstate", flags.map { $0 & 1 == 1 ? "up" : "down" } ?? "unknown"),
                ("ifalias", host.attribute("\(path)/ifalias") ?? ""),
            ])
    }

    private func add(
        _ attribute: String, _ name: String, _ kind: MetricPage.Kind, of device: String, _ page: inout MetricPage
    ) {
        guard let value = host.number(host.sys("class/net/\(device)/\(attribute)")) else { return }
        let family = page.family("node_network_\(name)", kind, "The attribute \(attribute) of a network device.")
        page.add(family, value, "device", device)
    }

    private func addSpeed(of device: String, _ page: inout MetricPage) {
        guard let megabits = host.number(host.sys("class/net/\(device)/speed")), megabits >= 0 || !ignoresInvalidSpeed
        else { return }
        let family = page.family("node_network_speed_bytes", .gauge, "Bytes that a device can transfer in a second.")
        page.add(family, megabits * 125_000, "device", device)
    }
}

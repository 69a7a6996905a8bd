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
    /// Of `gauges` and `counters`, declared at the first scrape.
    private var families: [(attribute: String, family: MetricPage.Family)] = []

    init(_ host: HostFiles, devices: NameFilter, ignoresInvalidSpeed: Bool) {
        self.host = host
        self.devices = devices
        self.ignoresInvalidSpeed = ignoresInvalidSpeed
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/net")
        let names = host.list(folder)
        guard !names.isEmpty else { throw .noData("there are no network devices") }
        if families.isEmpty { declare(&page) }
        for device in names where devices.takes(device) {
            guard let place = place(of: device, in: folder) else { continue }
            let flags = host.attribute("\(place)/flags")
            addState(of: device, at: place, flags.flatMap(FloatReading.integer), &page)
            for (attribute, family) in families {
                let value =
                    attribute == "flags"
                    ? flags.flatMap(HostFiles.number(of:)) : host.number("\(place)/\(attribute)")
                if let value { page.add(family, value, "device", device) }
            }
            addSpeed(of: device, at: place, &page)
        }
    }

    private func declare(_ page: inout MetricPage) {
        for (kind, all) in [(MetricPage.Kind.gauge, Self.gauges), (.counter, Self.counters)] {
            for (attribute, name) in all {
                let help = "The attribute \(attribute) of a network device."
                families.append((attribute, page.family("node_network_\(name)", kind, help)))
            }
        }
    }

    /// Where the attributes of a device are, without the link on the way: the kernel follows it for each of two dozen
    /// files otherwise. Nil for what is no device.
    private func place(of device: String, in folder: String) -> String? {
        let path = "\(folder)/\(device)"
        guard let target = host.link(path) else { return host.isDirectory(path) ? path : nil }
        return target.hasPrefix("../../") ? host.sys(String(target.dropFirst(6))) : path
    }

    private func addState(of device: String, at path: String, _ flags: Int64?, _ page: inout MetricPage) {
        let state = host.attribute("\(path)/operstate") ?? ""
        page.add(
            page.family("node_network_up", .gauge, "1 if the device is up."), state == "up" ? 1 : 0, "device", device)
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

    private func addSpeed(of device: String, at path: String, _ page: inout MetricPage) {
        guard let megabits = host.number("\(path)/speed"), megabits >= 0 || !ignoresInvalidSpeed else { return }
        let family = page.family("node_network_speed_bytes", .gauge, "Bytes that a device can transfer in a second.")
        page.add(family, megabits * 125_000, "device", device)
    }
}

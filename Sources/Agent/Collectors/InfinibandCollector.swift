/// InfiniBand devices and the counters of their ports.
final class InfinibandCollector: Collector {
    static let definition = CollectorDefinition("infiniband") { host, _ in InfinibandCollector(host) }

    private typealias Counter = (file: String, name: String, help: String)

    private static let packetWords = 4.0
    private static let counters: [Counter] = [
        ("link_downed", "link_downed_total", "How often a link went down for good."),
        ("link_error_recovery", "link_error_recovery_total", "How often a link recovered from an error."),
        ("multicast_rcv_packets", "multicast_packets_received_total", "Multicast packets received."),
        ("multicast_xmit_packets", "multicast_packets_transmitted_total", "Multicast packets sent."),
        (
            "port_rcv_constraint_errors", "port_constraint_errors_received_total",
            "Packets that the port dropped on arrival."
        ),
        (
            "port_xmit_constraint_errors", "port_constraint_errors_transmitted_total",
            "Packets that the port did not send."
        ),
        ("port_rcv_discards", "port_discards_received_total", "Packets dropped on arrival."),
        ("port_xmit_discards", "port_discards_transmitted_total", "Packets dropped before they were sent."),
        ("port_rcv_errors", "port_errors_received_total", "Packets received with an error."),
        ("port_rcv_packets", "port_packets_received_total", "Packets received."),
        ("port_xmit_packets", "port_packets_transmitted_total", "Packets sent."),
        ("port_xmit_wait", "port_transmit_wait_total", "Ticks in which data waited and none was sent."),
        ("unicast_rcv_packets", "unicast_packets_received_total", "Unicast packets received."),
        ("unicast_xmit_packets", "unicast_packets_transmitted_total", "Unicast packets sent."),
    ]
    /// Counted in words of four bytes.
    private static let wordCounters: [Counter] = [
        ("port_rcv_data", "port_data_received_bytes_total", "Bytes received on all links."),
        ("port_xmit_data", "port_data_transmitted_bytes_total", "Bytes sent on all links."),
    ]
    private static let legacy: [Counter] = [
        (
            "port_multicast_rcv_packets", "legacy_multicast_packets_received_total",
            "Multicast packets received, by the older counters."
        ),
        (
            "port_multicast_xmit_packets", "legacy_multicast_packets_transmitted_total",
            "Multicast packets sent, by the older counters."
        ),
        ("port_rcv_packets_64", "legacy_packets_received_total", "Packets received, by the older counters."),
        ("port_xmit_packets_64", "legacy_packets_transmitted_total", "Packets sent, by the older counters."),
        (
            "port_unicast_rcv_packets", "legacy_unicast_packets_received_total",
            "Unicast packets received, by the older counters."
        ),
        (
            "port_unicast_xmit_packets", "legacy_unicast_packets_transmitted_total",
            "Unicast packets sent, by the older counters."
        ),
    ]
    private static let legacyWords: [Counter] = [
        ("port_rcv_data_64", "legacy_data_received_bytes_total", "Bytes received, by the older counters."),
        ("port_xmit_data_64", "legacy_data_transmitted_bytes_total", "Bytes sent, by the older counters."),
    ]

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/infiniband")
        let devices = host.list(folder)
        guard !devices.isEmpty else { throw .noData("there is no InfiniBand") }
        for device in devices {
            let path = "\(folder)/\(device)"
            page.add(
                "node_infiniband_info", .gauge, "What an InfiniBand device is.", 1,
                [
                    ("board_id", host.attribute("\(path)/board_id") ?? ""), ("device", device),
                    ("firmware_version", host.attribute("\(path)/fw_ver") ?? ""),
                    ("hca_type", host.attribute("\(path)/hca_type") ?? ""),
                ])
            for port in host.list("\(path)/ports") { add(device, port, "\(path)/ports/\(port)", &page) }
        }
    }

    private func add(_ device: String, _ port: String, _ path: String, _ page: inout MetricPage) {
        func gauge(_ name: String, _ help: String, _ value: Double?) {
            guard let value else { return }
            let family = page.family("node_infiniband_\(name)", .gauge, help)
            page.add(family, value, "device", device, "port", port)
        }
        gauge("state_id", "State of a port by number: 4 is active.", leadingNumber("\(path)/state"))
        gauge("physical_state_id", "Physical state of a port by number: 5 is up.", leadingNumber("\(path)/phys_state"))
        // `40 Gb/sec (4X QDR)`
        let rate = leadingNumber("\(path)/rate").map { $0 * 1e9 / 8 }
        gauge("rate_bytes_per_second", "The highest rate of a port.", rate)
        // Only some drivers let the ordinary counters be read as such; iWARP ones say they cannot (`N/A (no PMA)`).
        let place = (device, port)
        add(Self.counters, 1, "\(path)/counters", place, &page)
        add(Self.wordCounters, Self.packetWords, "\(path)/counters", place, &page)
        add(Self.legacy, 1, "\(path)/counters_ext", place, &page)
        add(Self.legacyWords, Self.packetWords, "\(path)/counters_ext", place, &page)
    }

    private func add(
        _ counters: [Counter], _ factor: Double, _ folder: String, _ place: (device: String, port: String),
        _ page: inout MetricPage
    ) {
        for (file, name, help) in counters {
            guard let count = host.number("\(folder)/\(file)") else { continue }
            let family = page.family("node_infiniband_\(name)", .counter, help)
            page.add(family, count * factor, "device", place.device, "port", place.port)
        }
    }

    /// `4: ACTIVE` is 4.
    private func leadingNumber(_ path: String) -> Double? {
        host.attribute(path).flatMap { Double($0.prefix { $0.isNumber || $0 == "." }) }
    }
}

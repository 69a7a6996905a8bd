/// Transfers of each network device.
final class NetdevCollector: Collector {
    static let definition = CollectorDefinition(
        "netdev",
        settings: [
            CollectorSetting("device-include", "only devices that this expression finds something in"),
            CollectorSetting("device-exclude", "no devices that this expression finds something in"),
        ]
    ) { host, settings throws(CollectorError) in
        NetdevCollector(host, devices: try settings.filter("device"))
    }

    /// The numbers of a line of /proc/net/dev after the device's name.
    private static let columns = [
        "receive_bytes", "receive_packets", "receive_errs", "receive_drop", "receive_fifo", "receive_frame",
        "receive_compressed", "receive_multicast", "transmit_bytes", "transmit_packets", "transmit_errs",
        "transmit_drop", "transmit_fifo", "transmit_colls", "transmit_carrier", "transmit_compressed",
    ]

    private let host: HostFiles
    private let devices: NameFilter
    private var text = FieldText()

    init(_ host: HostFiles, devices: NameFilter) {
        self.host = host
        self.devices = devices
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("net/dev"), into: &text)
        let families = Self.columns.map {
            page.family("node_network_\($0)_total", .counter, "The statistic \($0) of a network device.")
        }
        let unhandled = page.family(
            "node_network_receive_nohandler_total", .counter, "The statistic receive_nohandler of a network device.")
        while text.nextLine() {
            // The name is followed by a colon, and by a blank only while the number is short.
            guard let colon = text.position(of: UInt8(ascii: ":")) else { continue }
            let name = text.string(text.line.lowerBound..<colon).drop { $0 == " " }
            let device = String(name)
            guard devices.takes(device) else { continue }
            let isJoined = !text.isEqual(0, device + ":")
            if isJoined, let first = text.number(colon + 1..<text.end(ofField: 0)) {
                page.add(families[0], first, "device", device)
            }
            let firstField = isJoined ? 0 : 1
            for index in (isJoined ? 1 : 0)..<families.count {
                guard let value = text.number(index + firstField) else { continue }
                page.add(families[index], value, "device", device)
            }
            if let value = host.number(host.sys("class/net/\(device)/statistics/rx_nohandler")) {
                page.add(unhandled, value, "device", device)
            }
        }
    }
}

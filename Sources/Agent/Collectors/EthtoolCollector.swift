import Posix

/// What drivers of network devices tell: who they are, and counters under names of their own.
final class EthtoolCollector: Collector {
    static let definition = CollectorDefinition(
        "ethtool", isDefault: false,
        settings: [
            CollectorSetting("device-include", "only devices that this expression finds something in"),
            CollectorSetting("device-exclude", "no devices that this expression finds something in"),
            CollectorSetting(
                "metrics-include", "only counters that this expression finds something in", standard: ".*"),
        ]
    ) { host, settings throws(CollectorError) in
        EthtoolCollector(
            host, devices: try settings.filter("device"),
            counters: try NameFilter(include: settings.text("metrics-include")))
    }

    /// Counters that most drivers have, under the names of others.
    private static let common = [
        "rx_bytes": "received_bytes_total", "rx_dropped": "received_dropped_total",
        "rx_errors": "received_errors_total", "rx_packets": "received_packets_total",
        "tx_bytes": "transmitted_bytes_total", "tx_errors": "transmitted_errors_total",
        "tx_packets": "transmitted_packets_total",
    ]

    private let host: HostFiles
    private let devices: NameFilter
    private let counters: NameFilter

    init(_ host: HostFiles, devices: NameFilter, counters: NameFilter) {
        (self.host, self.devices, self.counters) = (host, devices, counters)
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let names = host.list(host.sys("class/net")).filter(devices.takes)
        guard !names.isEmpty else { throw .noData("there are no network devices") }
        do throws(SystemError) {
            let socket = try Socket.datagrams(on: .loopback(port: 0))
            for device in names { try add(device, socket, &page) }
        } catch {
            throw .failed("\(error)")
        }
    }

    private func add(_ device: String, _ socket: borrowing Socket, _ page: inout MetricPage) throws(SystemError) {
        let driver: EthernetDriver
        do throws(SystemError) {
            driver = try EthernetDriver(of: device, socket)
        } catch {
            // What is no hardware mostly has no driver to ask.
            return
        }
        page.add(
            "node_ethtool_info", .gauge, "The driver of a network device.", 1,
            [
                ("bus_info", driver.bus), ("device", device), ("driver", driver.name),
                ("expansion_rom_version", driver.expansionROM), ("firmware_version", driver.firmware),
                ("version", driver.version),
            ])
        var seen: Set<String> = []
        for (name, value) in try driver.statistics(of: device, socket) where counters.takes(name) {
            let metric = Self.metricName(name)
            guard seen.insert(metric).inserted else { continue }
            let family = page.family(metric, .untyped, "The counter \(name) of a driver.")
            page.add(family, Double(value), "device", device)
        }
    }

    /// `port.rx_errors` is `port_received_errors` in a metric's name.
    static func metricName(_ counter: String) -> String {
        if let name = common[counter] { return "node_ethtool_\(name)" }
        var words: [String] = []
        for word in counter.lowercased().split(whereSeparator: { !$0.isASCII || !($0.isLetter || $0.isNumber) }) {
            words.append(word == "rx" ? "received" : word == "tx" ? "transmitted" : String(word))
        }
        return "node_ethtool_\(words.joined(separator: "_"))"
    }
}

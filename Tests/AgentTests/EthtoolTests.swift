import Foundation
import Posix
import Testing

@testable import Agent

@Suite("Drivers of network devices")
struct EthtoolTests {
    /// The table of `TestBuildEthtoolFQName` and names of `TestEthToolCollector` in node_exporter's ethtool_linux_test.go.
    @Test(
        "have their counters under node_exporter's names",
        arguments: [
            ("port.rx_errors", "port_received_errors"), ("Queue[0] AllocFails", "queue_0_allocfails"),
            ("Tx LPI entry count", "transmitted_lpi_entry_count"),
            ("port.VF_admin_queue_requests", "port_vf_admin_queue_requests"),
            ("[3]: tx_bytes", "3_transmitted_bytes"), ("     err", "err"), ("align_errors", "align_errors"),
            ("port_rx_dropped", "port_received_dropped"), ("rx_broadcast", "received_broadcast"),
            ("rx_errors", "received_errors_total"), ("rx_packets", "received_packets_total"),
            ("tx_multi_collisions", "transmitted_multi_collisions"), ("tx_packets", "transmitted_packets_total"),
        ])
    func names(_ counter: String, _ name: String) {
        #expect(EthtoolCollector.metricName(counter) == "node_ethtool_\(name)")
    }

    /// The loopback device exists everywhere and has no driver.
    @Test("are left out where there is none to ask")
    func noDriver() throws {
        let metrics = try HostMetrics(
            HostFiles(), [EthtoolCollector.definition], isOn: ["ethtool": true],
            settings: ["ethtool": ["device-include": "^lo$"]])
        var bytes: [UInt8] = []
        metrics.append(to: &bytes)
        let page = ReadPage(String(decoding: bytes, as: UTF8.self))
        #expect(page.samples[#"node_scrape_collector_success{collector="ethtool"}"#] == 1)
        #expect(!page.samples.keys.contains { $0.hasPrefix("node_ethtool_info") && $0.contains(#"device="lo""#) })
    }

    /// A pair of virtual devices has the driver `veth`, which counts among others the index of its peer.
    @Test("tell of themselves and count", .enabled(if: VirtualDevices.canBeMade, "devices can be made by root only"))
    func driver() throws {
        let devices = try VirtualDevices()
        let metrics = try HostMetrics(
            HostFiles(), [EthtoolCollector.definition], isOn: ["ethtool": true],
            settings: ["ethtool": ["device-include": "^\(devices.name)$"]])
        var bytes: [UInt8] = []
        metrics.append(to: &bytes)
        let page = ReadPage(String(decoding: bytes, as: UTF8.self))
        let info = try #require(page.samples.keys.first { $0.hasPrefix("node_ethtool_info") })
        #expect(info.contains(#"driver="veth""#) && info.contains(#"device="\#(devices.name)""#))
        let peer = #"node_ethtool_peer_ifindex{device="\#(devices.name)"}"#
        #expect(page.samples[peer] == Double(devices.peerIndex))
        withExtendedLifetime(devices) {}
    }
}

/// Two devices that are each other's cable.
private final class VirtualDevices {
    static let canBeMade = (try? VirtualDevices()) != nil  // told by the condition

    struct Refused: Error {}

    let name: String
    let peerIndex: Int

    init() throws {
        let name = "obs\(UInt32.random(in: 0...999_999))"
        try Self.ip("link", "add", name, "type", "veth", "peer", "name", "\(name)p")
        self.name = name
        let index = try String(contentsOfFile: "/sys/class/net/\(name)p/ifindex", encoding: .utf8)
        peerIndex = Int(index.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    deinit { try? Self.ip("link", "del", name) }  // nothing is left to do where it is gone

    private static func ip(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["ip"] + arguments
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"]
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Refused() }
    }
}

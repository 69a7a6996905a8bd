import Foundation
import Posix
import TestSupport
import Testing

@testable import Agent

/// The tree of /proc and /sys that node_exporter tests itself with, and what it prints for it.
enum NodeExporterFixtures {
    static let folder = ProcessInfo.processInfo.environment["OBS_CONFORMANCE"].map { "\($0)/node_exporter" }

    /// Unpacks the tree into a temporary directory.
    static func unpack(into directory: String) throws {
        let tar = Process()
        tar.executableURL = URL(fileURLWithPath: "/bin/tar")
        tar.arguments = ["xzf", "\(try #require(folder))/fixtures.tar.gz", "-C", directory]
        try tar.run()
        tar.waitUntilExit()
        try #require(tar.terminationStatus == 0)
    }

    /// What upstream's end-to-end test sets.
    static let settings: [String: [String: String]] = [
        "cpu": [
            "info": "true", "info.flags-include": "^(aes|avx.?|constant_tsc)$",
            "info.bugs-include": "^(cpu_meltdown|spectre_.*|mds)$",
        ],
        "arp": ["device-exclude": "nope"],
        "bcache": ["priority-stats": "true"],
        "hwmon": ["chip-include": "(applesmc|asus_nb_wmi|coretemp|hwmon4|ieee80211|nct6779)"],
        "netclass": ["ignored-devices": "(dmz|int)", "ignore-invalid-speed": "true"],
        "netdev": ["device-include": "lo"],
        "stat": ["softirq": "true"],
    ]

    /// Upstream's test reads these files too.
    static func settings(under root: String) -> [String: [String: String]] {
        settings.merging(["textfile": ["directory": "\(root)/textfile/two_metric_files"]]) { $1 }
    }
}

/// The samples of a text page: `name{a="b"}` with sorted labels, and their values.
struct ReadPage {
    var samples: [String: Double] = [:]
    var kinds: [String: String] = [:]

    init(_ text: String) {
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let words = line.split(separator: " ")
                kinds[String(words[2])] = String(words[3])
            }
            guard !line.hasPrefix("#"), let blank = line.lastIndex(of: " ") else { continue }
            samples[Self.sorted(String(line[..<blank]))] = Double(line[line.index(after: blank)...])
        }
    }

    static func name(_ series: String) -> String {
        String(series.prefix { $0 != "{" })
    }

    private static func sorted(_ series: String) -> String {
        guard let brace = series.firstIndex(of: "{") else { return series }
        var labels: [String] = []
        var label = ""
        var isQuoted = false
        var isEscaped = false
        for character in series[series.index(after: brace)...].dropLast() {
            if character == "\"", !isEscaped { isQuoted.toggle() }
            isEscaped = character == "\\" && !isEscaped
            if character == ",", !isQuoted {
                labels.append(label)
                label = ""
            } else {
                label.append(character)
            }
        }
        labels.append(label)
        return "\(series[..<brace]){\(labels.sorted().joined(separator: ","))}"
    }
}

@Suite("Host collectors beside node_exporter")
struct NodeExporterTests {
    /// What upstream's test shows and this does not, and why.
    private static let left: [(prefix: String, why: String)] = [
        ("node_buddyinfo_", "off by default there"), ("node_cgroups_", "off by default there"),
        ("node_cpu_vulnerabilities_", "off by default there"), ("node_drbd_", "off by default there"),
        ("node_ksmd_", "off by default there"),
        ("node_lnstat_", "off by default there"), ("node_memory_numa_", "off by default there"),
        ("node_mountstats_", "off by default there"), ("node_pcidevice_", "off by default there"),
        ("node_qdisc_", "off by default there"), ("node_slabinfo_", "off by default there"),
        ("node_softirqs_functions_", "off by default there"), ("node_sysctl_", "off by default there"),
        ("node_wifi_", "off by default there"),
        ("node_xfrm_", "off by default there"), ("node_zoneinfo_", "off by default there"),
        ("node_network_receive_", "read by netlink there, and the tree has no /proc/net/dev"),
        ("node_network_transmit_", "read by netlink there, and the tree has no /proc/net/dev"),
        ("node_exporter_build_info", "of the program itself"), ("node_scrape_collector_", "not the same collectors"),
        (
            #"node_nfs_requests_total{method="GetDeviceInfo""#,
            "exchanged with LayoutGet there, against the kernel's order"
        ),
        (#"node_nfs_requests_total{method="LayoutGet""#, "exchanged with GetDeviceInfo there"),
        ("node_time_", "the clock of the machine"),
    ]

    @Test(
        "show what node_exporter shows of the same tree",
        .enabled(if: NodeExporterFixtures.folder != nil, "OBS_CONFORMANCE names no folder with its tree"))
    func fixtures() throws {
        let directory = TemporaryDirectory()
        try NodeExporterFixtures.unpack(into: directory.path)
        let root = directory.file("fixtures")
        let host = HostFiles(
            procfs: "\(root)/proc", sysfs: "\(root)/sys", rootfs: root, udevData: "\(root)/udev/data")
        let metrics = try HostMetrics(host, settings: NodeExporterFixtures.settings(under: root))
        var bytes: [UInt8] = []
        metrics.append(to: &bytes)
        let text = String(decoding: bytes, as: UTF8.self)
        let ours = ReadPage(text.replacing(root, with: "collector/fixtures"))
        let theirs = ReadPage(
            try String(contentsOfFile: "\(try #require(NodeExporterFixtures.folder))/e2e-output.txt", encoding: .utf8))
        var compared = 0
        for (series, value) in theirs.samples where series.hasPrefix("node_") || series.hasPrefix("testmetric") {
            guard !Self.left.contains(where: { series.hasPrefix($0.prefix) }) else { continue }
            compared += 1
            guard let found = ours.samples[series] else {
                Issue.record("\(series) is missing")
                continue
            }
            #expect((found - value).magnitude <= 1e-9 * max(found.magnitude, value.magnitude), "\(series)")
            let name = ReadPage.name(series)
            #expect(ours.kinds[name] == theirs.kinds[name], "\(name)")
        }
        print("\(compared) samples of node_exporter's page are shown")
        #expect(compared > 1_700)
    }

    @Test("show this machine: its processors, its memory and its root")
    func thisMachine() throws {
        var bytes: [UInt8] = []
        let metrics = try HostMetrics(HostFiles())
        metrics.append(to: &bytes)
        let page = ReadPage(String(decoding: bytes, as: UTF8.self))
        #expect(page.samples[#"node_cpu_seconds_total{cpu="0",mode="idle"}"#].map { $0 > 0 } == true)
        let total = try #require(page.samples["node_memory_MemTotal_bytes"])
        #expect(total == Double(Machine.memoryBytes / 1_024 * 1_024))
        #expect(page.samples[#"node_network_up{device="lo"}"#] != nil)
        #expect(
            page.samples.keys.contains { $0.hasPrefix("node_filesystem_size_bytes") && $0.contains(#"mountpoint="/""#) }
        )
    }
}

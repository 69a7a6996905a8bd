import Encoding
import Glibc
import Posix

/// keepalived by what it writes: the data and statistics that it dumps when it is asked by signals, and the file of its
/// notify lines. The names are those of keepalived_exporter.
final class KeepalivedIntegration: Collector {
    static let definition = IntegrationDefinition("keepalived") { section in
        var files = KeepalivedFiles()
        if let path = section.path("data") { files.data = path }
        if let path = section.path("statistics") { files.statistics = path }
        files.notify = section.path("notify")
        files.pid = section.path("pid_file")
        return { [files] _ in KeepalivedIntegration(files) }
    }

    private enum Limits {
        static let fileBytesMax = 16 << 20
        /// How long a dump that was asked for may take.
        static let dumpMs = 500
    }

    private static let states = ["INIT": 0.0, "BACKUP": 1, "MASTER": 2, "FAULT": 3, "STOP": 4, "DELETED": 5]

    private let files: KeepalivedFiles
    private let system = LocalFileSystem()

    init(_ files: KeepalivedFiles) {
        self.files = files
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var isUp = 0.0
        defer { page.add("keepalived_up", .gauge, "1 if keepalived tells of itself.", isUp) }
        askForDumps()
        let data = text(files.data)
        let notified = files.notify.flatMap(text)
        guard data != nil || notified != nil else {
            throw .failed("neither \(files.data) nor a file of notify lines can be read")
        }
        isUp = 1
        var instances = data.map(KeepalivedInstance.all(inData:)) ?? []
        if let notified { KeepalivedInstance.apply(notified: notified, to: &instances) }
        for instance in instances { add(instance, &page) }
        if let statistics = text(files.statistics) { addStatistics(statistics, instances, &page) }
    }

    private func text(_ path: String) -> String? {
        let limit = Limits.fileBytesMax
        guard let bytes = try? system.readFile(path, atMostBytes: limit) else { return nil }  // told as down
        return String(decoding: bytes, as: UTF8.self)
    }

    /// SIGUSR1 has keepalived write its data, SIGUSR2 its statistics.
    private func askForDumps() {
        guard let path = files.pid, let text = text(path), let pid = pid_t(text.prefix { $0.isNumber }), pid > 1 else {
            return
        }
        func changedNs() -> Int64 { (try? system.status(at: files.data))??.modifiedNs ?? 0 }  // none before the first
        let before = changedNs()
        guard kill(pid, SIGUSR1) == 0, kill(pid, SIGUSR2) == 0 else { return }
        for _ in 0..<(Limits.dumpMs / 10) where changedNs() == before { usleep(10_000) }
    }

    private func add(_ instance: KeepalivedInstance, _ page: inout MetricPage) {
        guard let state = Self.states[instance.state] else { return }
        for address in instance.addresses.isEmpty ? [""] : instance.addresses {
            page.add(
                "keepalived_vrrp_state", .gauge, "0 for init, 1 for backup, 2 for master, 3 for a fault.", state,
                instance.labels + [("ip_address", address)])
        }
        if let priority = instance.priority {
            page.add("keepalived_vrrp_effective_priority", .gauge, "Its priority now.", priority, instance.labels)
        }
        if let seconds = instance.changedSeconds {
            page.add(
                "keepalived_vrrp_last_transition", .gauge, "When its state changed last.", seconds, instance.labels)
        }
    }

    private static let counters = [
        "Advertisements/Received": "advertisements_received_total", "Advertisements/Sent": "advertisements_sent_total",
        "Became master": "become_master_total", "Released master": "release_master_total",
        "Packet Errors/Length": "packet_length_errors_total", "Packet Errors/TTL": "ip_ttl_errors_total",
        "Packet Errors/Invalid Type": "invalid_type_received_total",
        "Packet Errors/Advertisement Interval": "advertisements_interval_errors_total",
        "Packet Errors/Address List": "address_list_errors_total",
        "Authentication Errors/Invalid Type": "authentication_invalid_total",
        "Authentication Errors/Type Mismatch": "authentication_mismatch_total",
        "Authentication Errors/Failure": "authentication_failure_total",
        "Priority Zero/Received": "priority_zero_received_total", "Priority Zero/Sent": "priority_zero_sent_total",
    ]

    private func addStatistics(_ text: String, _ instances: [KeepalivedInstance], _ page: inout MetricPage) {
        let labels = Dictionary(instances.map { ($0.name, $0.labels) }, uniquingKeysWith: { $1 })
        var name = ""
        var group = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let indent = line.prefix { $0 == " " }.count
            let pair = line.split(separator: ":", maxSplits: 1).map(KeepalivedInstance.trimmed)
            guard let key = pair.first else { continue }
            guard key != "VRRP Instance" else {
                name = pair.count > 1 ? pair[1] : ""
                continue
            }
            guard pair.count > 1, let value = Double(pair[1]) else {
                group = key
                continue
            }
            let full = indent > 2 ? "\(group)/\(key)" : key
            if let metric = Self.counters[full] {
                page.add("keepalived_\(metric)", .counter, "\(full).", value, labels[name] ?? [("iname", name)])
            }
        }
    }
}

/// Where keepalived writes.
struct KeepalivedFiles: Sendable {
    var data = "/tmp/keepalived.data"
    var statistics = "/tmp/keepalived.stats"
    var notify: String?
    /// Of the process that writes dumps when it is asked to; nil asks nobody.
    var pid: String?
}

/// One VRRP instance.
struct KeepalivedInstance: Equatable {
    var name: String
    var state = ""
    var interface = ""
    var router = ""
    var addresses: [String] = []
    var priority: Double?
    var changedSeconds: Double?

    var labels: [MetricPage.Label] { [("iname", name), ("intf", interface), ("vrid", router)] }

    static func trimmed(_ text: some StringProtocol) -> String {
        var text = Substring(text).drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }

    /// The instances of a dump of data.
    static func all(inData text: String) -> [KeepalivedInstance] {
        var all: [KeepalivedInstance] = []
        var isInAddresses = false
        for line in text.split(whereSeparator: \.isNewline) {
            let pair = line.split(separator: "=", maxSplits: 1).map(trimmed)
            if pair.count == 2, pair[0] == "VRRP Instance" {
                all.append(KeepalivedInstance(name: pair[1]))
                isInAddresses = false
                continue
            }
            // Another part of the dump.
            if line.hasPrefix("------") || pair.first?.hasPrefix("VRRP Sync Group") == true {
                if let last = all.last, !last.name.isEmpty { all.append(KeepalivedInstance(name: "")) }
                continue
            }
            guard !all.isEmpty else { continue }
            let text = trimmed(line)
            if text.hasPrefix("Virtual IP") {
                isInAddresses = true
            } else if isInAddresses, text.contains(" dev ") || text.contains(" scope ") {
                all[all.count - 1].addresses.append(String(text.prefix { $0 != " " && $0 != "/" }))
            } else {
                isInAddresses = false
                if pair.count == 2 { all[all.count - 1].take(pair[0], pair[1]) }
            }
        }
        return all.filter { !$0.name.isEmpty }
    }

    private mutating func take(_ key: String, _ value: String) {
        switch key {
        case "State": state = value
        case "Interface": interface = value
        case "Virtual Router ID": router = value
        case "Effective priority": priority = Double(value)
        case "Last transition": changedSeconds = Double(value.prefix { $0 != " " })
        default: break
        }
    }

    /// Lines as keepalived gives them to notify scripts and pipes: `INSTANCE "VI_1" MASTER 100`, of which the last counts.
    static func apply(notified text: String, to instances: inout [KeepalivedInstance]) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.split(separator: " ").map { $0.filter { $0 != "\"" } }
            guard words.count >= 3, words[0] == "INSTANCE" else { continue }
            let place = instances.firstIndex { $0.name == words[1] } ?? instances.count
            if place == instances.count { instances.append(KeepalivedInstance(name: words[1])) }
            instances[place].state = words[2]
            if words.count > 3, let priority = Double(words[3]) { instances[place].priority = priority }
        }
    }
}

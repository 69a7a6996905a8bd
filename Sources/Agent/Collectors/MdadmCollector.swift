/// Software RAID: disks, states and how far a repair has come.
final class MdadmCollector: Collector {
    static let definition = CollectorDefinition("mdadm") { host, _ in MdadmCollector(host) }

    private static let states = ["active", "inactive", "recovering", "resync", "check"]

    /// What /proc/mdstat says of one device.
    private struct Device {
        var state: String
        var active = 0.0
        var required = 0.0
        var failed = 0.0
        var spare = 0.0
        var blocks = 0.0
        var synced = 0.0
    }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("mdstat"), into: &text)
        while text.nextLine() {
            guard text.hasPrefix(0, "md"), text.isEqual(1, ":") else { continue }
            let name = text.string(0)
            add(readDevice(), name, &page)
        }
        addAttributes(&page)
    }

    /// The device whose first line is the current one; its further lines are indented, and end at an empty one.
    private func readDevice() -> Device {
        let state = text.string(2)
        var device = Device(state: state)
        var isStriped = false
        for index in 3..<max(3, text.count) {
            let field = text.string(index)
            if field.hasSuffix("(F)") { device.failed += 1 }
            if field.hasSuffix("(S)") { device.spare += 1 }
            if field.contains("[") { device.required += 1 }
            if field == "raid0" || field == "linear" { isStriped = true }
        }
        if isStriped, state != "inactive" { device.active = device.required } else { device.required = 0 }
        var isFirst = true
        while text.nextLine(), text.count > 0 {
            if isFirst {
                device.blocks = text.number(0) ?? 0
                device.synced = device.blocks
                isFirst = false
            }
            readStatus(&device)
        }
        if device.state == "inactive" {
            device.active = 0
            device.required = 0
        }
        return device
    }

    /// `[8/7]` are the disks that there should be and that are there; `recovery = 8.5% (1/12)` is a repair under way.
    private func readStatus(_ device: inout Device) {
        for index in 0..<text.count {
            let field = text.string(index)
            if field.hasPrefix("["), let pair = Self.pair(field, in: "[", "]") {
                device.required = pair.0
                device.active = pair.1
            }
            for (word, state) in [
                ("recovery", "recovering"), ("reshape", "recovering"), ("resync", "resync"), ("check", "check"),
            ] where field == word || field.hasPrefix(word + "=") {
                device.state = state
                if field.hasSuffix("=DELAYED") || field.hasSuffix("=PENDING") { device.synced = 0 }
            }
            if field.hasPrefix("("), let pair = Self.pair(field, in: "(", ")") { device.synced = pair.0 }
        }
    }

    private static func pair(_ field: String, in open: Character, _ close: Character) -> (Double, Double)? {
        guard field.first == open, field.last == close else { return nil }
        let parts = field.dropFirst().dropLast().split(separator: "/")
        guard parts.count == 2, let first = Double(parts[0]), let second = Double(parts[1]) else { return nil }
        return (first, second)
    }

    private func add(_ device: Device, _ name: String, _ page: inout MetricPage) {
        let states = page.family("node_md_state", .gauge, "1 for the state that a device is in.")
        for state in Self.states { page.add(states, device.state == state ? 1 : 0, "device", name, "state", state) }
        let disks = page.family("node_md_disks", .gauge, "Disks of a device by state.")
        page.add(disks, device.active, "device", name, "state", "active")
        page.add(disks, device.failed, "device", name, "state", "failed")
        page.add(disks, device.spare, "device", name, "state", "spare")
        let required = page.family("node_md_disks_required", .gauge, "Disks that a device should have.")
        page.add(required, device.required, "device", name)
        page.add(page.family("node_md_blocks", .gauge, "Blocks of a device."), device.blocks, "device", name)
        let synced = page.family("node_md_blocks_synced", .gauge, "Blocks of a device that are the same on its disks.")
        page.add(synced, device.synced, "device", name)
    }

    private func addAttributes(_ page: inout MetricPage) {
        let folder = host.sys("block")
        for name in host.list(folder) where name.hasPrefix("md") {
            guard let count = host.number("\(folder)/\(name)/md/raid_disks") else { continue }
            page.add(page.family("node_md_raid_disks", .gauge, "Disks of a RAID."), count, "device", name)
            // A striped one has no such file: it does not go on without a disk.
            let degraded = host.number("\(folder)/\(name)/md/degraded") ?? 0
            page.add(page.family("node_md_degraded", .gauge, "Disks that a RAID lacks."), degraded, "device", name)
        }
    }
}

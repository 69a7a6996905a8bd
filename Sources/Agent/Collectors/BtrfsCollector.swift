/// Btrfs file systems: what is allocated and used, and how long commits take.
final class BtrfsCollector: Collector {
    static let definition = CollectorDefinition("btrfs") { host, _ in BtrfsCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("fs/btrfs")
        let systems = host.list(folder).filter { host.isDirectory("\(folder)/\($0)/allocation") }
        guard !systems.isEmpty else { throw .noData("there is no Btrfs") }
        for uuid in systems { add(uuid, "\(folder)/\(uuid)", &page) }
    }

    private func add(_ uuid: String, _ path: String, _ page: inout MetricPage) {
        page.add(
            "node_btrfs_info", .gauge, "What is known of a Btrfs.", 1,
            [("label", host.attribute("\(path)/label") ?? ""), ("uuid", uuid)])
        if let bytes = host.number("\(path)/allocation/global_rsv_size") {
            page.add(
                page.family("node_btrfs_global_rsv_size_bytes", .gauge, "Bytes of the global reserve."), bytes, "uuid",
                uuid)
        }
        let devices = host.list("\(path)/devices")
        let sizes = page.family("node_btrfs_device_size_bytes", .gauge, "Bytes of a device.")
        for device in devices {
            guard let sectors = host.number("\(path)/devices/\(device)/size") else { continue }
            page.add(sizes, sectors * Clock.sectorBytes, "device", device, "uuid", uuid)
        }
        for type in ["data", "metadata", "system"] {
            addAllocation(uuid, type, "\(path)/allocation/\(type)", devices: devices.count, &page)
        }
        addCommits(uuid, "\(path)/commit_stats", &page)
    }

    private func addAllocation(
        _ uuid: String, _ type: String, _ path: String, devices: Int, _ page: inout MetricPage
    ) {
        if let bytes = host.number("\(path)/bytes_reserved") {
            let reserved = page.family("node_btrfs_reserved_bytes", .gauge, "Bytes that are reserved.")
            page.add(reserved, bytes, "block_group_type", type, "uuid", uuid)
        }
        for mode in host.list(path) where host.isDirectory("\(path)/\(mode)") {
            let labels = [("block_group_type", type), ("mode", mode), ("uuid", uuid)]
            if let bytes = host.number("\(path)/\(mode)/used_bytes") {
                page.add("node_btrfs_used_bytes", .gauge, "Bytes in use.", bytes, labels)
            }
            if let bytes = host.number("\(path)/\(mode)/total_bytes") {
                page.add("node_btrfs_size_bytes", .gauge, "Bytes that are allocated.", bytes, labels)
            }
            page.add(
                "node_btrfs_allocation_ratio", .gauge, "Bytes on disks for a byte of data.",
                Self.ratio(mode, devices: Double(devices)), labels)
        }
    }

    /// What the mode of storing costs; parity is spread over all devices.
    private static func ratio(_ mode: String, devices: Double) -> Double {
        switch mode {
        case "dup", "raid1", "raid10": 2
        case "raid1c3": 3
        case "raid1c4": 4
        case "raid5": devices > 1 ? devices / (devices - 1) : 1
        case "raid6": devices > 2 ? devices / (devices - 2) : 1
        default: 1
        }
    }

    /// A file system that does not count commits has none.
    private func addCommits(_ uuid: String, _ path: String, _ page: inout MetricPage) {
        var counts: [String: Double] = [:]
        if host.reads(path, into: &text) {
            while text.nextLine() { counts[text.string(0)] = text.number(1) }
        }
        func add(_ metric: String, _ kind: MetricPage.Kind, _ help: String, _ value: Double) {
            page.add(page.family("node_btrfs_\(metric)", kind, help), value, "uuid", uuid)
        }
        add("commits_total", .counter, "Commits.", counts["commits"] ?? 0)
        add(
            "last_commit_seconds", .gauge, "Seconds that the last commit took.", (counts["last_commit_ms"] ?? 0) / 1_000
        )
        add(
            "max_commit_seconds", .gauge, "Seconds that the slowest commit took.",
            (counts["max_commit_ms"] ?? 0) / 1_000)
        add(
            "commit_seconds_total", .counter, "Seconds that all commits took.", (counts["total_commit_ms"] ?? 0) / 1_000
        )
    }
}

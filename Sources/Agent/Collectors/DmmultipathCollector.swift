/// Disks that are reached over several paths.
final class DmmultipathCollector: Collector {
    static let definition = CollectorDefinition("dmmultipath") { host, _ in DmmultipathCollector(host) }

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("block")
        var isThere = false
        for name in host.list(folder) where name.hasPrefix("dm-") {
            guard let uuid = host.attribute("\(folder)/\(name)/dm/uuid"), uuid.hasPrefix("mpath-"),
                let device = host.attribute("\(folder)/\(name)/dm/name")
            else { continue }
            isThere = true
            page.add(
                "node_dmmultipath_device_info", .gauge, "What is known of a multipath disk.", 1,
                [("device", device), ("sysfs_name", name), ("uuid", uuid)])
            add(device, name, "\(folder)/\(name)", &page)
        }
        guard isThere else { throw .noData("no disk has several paths") }
    }

    private func add(_ device: String, _ name: String, _ path: String, _ page: inout MetricPage) {
        func gauge(_ metric: String, _ help: String, _ value: Double) {
            let family = page.family("node_dmmultipath_device_\(metric)", .gauge, help)
            page.add(family, value, "device", device, "sysfs_name", name)
        }
        let isSuspended = host.attribute("\(path)/dm/suspended") == "1"
        gauge("active", "1 if the disk is active, 0 if it is suspended.", isSuspended ? 0 : 1)
        gauge("size_bytes", "Bytes of the disk.", (host.number("\(path)/size") ?? 0) * Clock.sectorBytes)
        var states: [(path: String, state: String)] = []
        for slave in host.list("\(path)/slaves") {
            states.append((slave, host.attribute(host.sys("block/\(slave)/device/state")) ?? "unknown"))
        }
        // Disks say that they are running, NVMe drives that they are live.
        let active = states.filter { $0.state == "running" || $0.state == "live" }.count
        gauge("paths", "Paths to the disk.", Double(states.count))
        gauge("paths_active", "Paths to the disk that work.", Double(active))
        gauge("paths_failed", "Paths to the disk that do not work.", Double(states.count - active))
        for (slave, state) in states {
            page.add(
                "node_dmmultipath_path_state", .gauge, "1 for the state that a path is in.", 1,
                [("device", device), ("path", slave), ("state", state)])
        }
    }
}

/// Transfers of each block device, and what udev knows of it.
final class DiskstatsCollector: Collector {
    static let definition = CollectorDefinition(
        "diskstats",
        settings: [
            CollectorSetting("device-include", "only devices that this expression finds something in"),
            CollectorSetting(
                "device-exclude", "no devices that this expression finds something in",
                standard: "^(z?ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\\d+n\\d+p)\\d+$"),
        ]
    ) { host, settings throws(CollectorError) in
        DiskstatsCollector(host, devices: try settings.filter("device"))
    }

    private struct Column {
        let metric: String
        let kind: MetricPage.Kind
        let help: String
        let factor: Double
    }

    /// The numbers of a line of /proc/diskstats after the device's name; older kernels have fewer.
    private static let columns = [
        Column(metric: "reads_completed_total", kind: .counter, help: "Reads that were completed.", factor: 1),
        Column(metric: "reads_merged_total", kind: .counter, help: "Reads that were merged with others.", factor: 1),
        Column(metric: "read_bytes_total", kind: .counter, help: "Bytes that were read.", factor: Clock.sectorBytes),
        Column(metric: "read_time_seconds_total", kind: .counter, help: "Seconds that all reads took.", factor: 0.001),
        Column(metric: "writes_completed_total", kind: .counter, help: "Writes that were completed.", factor: 1),
        Column(metric: "writes_merged_total", kind: .counter, help: "Writes that were merged with others.", factor: 1),
        Column(
            metric: "written_bytes_total", kind: .counter, help: "Bytes that were written.", factor: Clock.sectorBytes),
        Column(
            metric: "write_time_seconds_total", kind: .counter, help: "Seconds that all writes took.", factor: 0.001),
        Column(metric: "io_now", kind: .gauge, help: "Transfers that are under way.", factor: 1),
        Column(
            metric: "io_time_seconds_total", kind: .counter, help: "Seconds with transfers under way.", factor: 0.001),
        Column(
            metric: "io_time_weighted_seconds_total", kind: .counter,
            help: "Seconds with transfers under way, times how many they were.", factor: 0.001),
        Column(metric: "discards_completed_total", kind: .counter, help: "Discards that were completed.", factor: 1),
        Column(
            metric: "discards_merged_total", kind: .counter, help: "Discards that were merged with others.", factor: 1),
        Column(metric: "discarded_sectors_total", kind: .counter, help: "Sectors that were discarded.", factor: 1),
        Column(
            metric: "discard_time_seconds_total", kind: .counter, help: "Seconds that all discards took.", factor: 0.001
        ),
        Column(metric: "flush_requests_total", kind: .counter, help: "Flushes that were completed.", factor: 1),
        Column(
            metric: "flush_requests_time_seconds_total", kind: .counter, help: "Seconds that all flushes took.",
            factor: 0.001),
    ]

    private let host: HostFiles
    private let devices: NameFilter
    private var text = FieldText()

    init(_ host: HostFiles, devices: NameFilter) {
        self.host = host
        self.devices = devices
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("diskstats"), into: &text)
        let families = Self.columns.map { page.family("node_disk_\($0.metric)", $0.kind, $0.help) }
        while text.nextLine() {
            guard text.count > 3 else { continue }
            let device = text.string(2)
            guard devices.takes(device) else { continue }
            for (index, column) in Self.columns.enumerated() {
                guard let value = text.number(index + 3) else { break }
                page.add(families[index], value * column.factor, "device", device)
            }
            addDescription(of: device, major: text.string(0), minor: text.string(1), &page)
        }
    }

    private func addDescription(of device: String, major: String, minor: String, _ page: inout MetricPage) {
        let udev = UdevProperties(of: "b\(major):\(minor)", on: host)
        // A partition has no queue of its own; it rotates as its device does.
        let queue = host.sys("block/\(device)/queue/rotational")
        page.add(
            "node_disk_info", .gauge, "What is known of a block device.", 1,
            [
                ("device", device), ("major", major), ("minor", minor), ("path", udev["ID_PATH"]),
                ("wwn", udev["ID_WWN"]), ("model", udev["ID_MODEL"]), ("serial", udev.serial),
                ("revision", udev["ID_REVISION"]), ("rotational", host.attribute(queue) ?? "0"),
            ])
        if !udev["DM_NAME"].isEmpty {
            page.add(
                "node_disk_device_mapper_info", .gauge, "What is known of a device of the device mapper.", 1,
                [
                    ("device", device), ("name", udev["DM_NAME"]), ("uuid", udev["DM_UUID"]),
                    ("vg_name", udev["DM_VG_NAME"]), ("lv_name", udev["DM_LV_NAME"]),
                    ("lv_layer", udev["DM_LV_LAYER"]),
                ])
        }
        if !udev["ID_FS_TYPE"].isEmpty {
            page.add(
                "node_disk_filesystem_info", .gauge, "What is known of the file system on a block device.", 1,
                [
                    ("device", device), ("type", udev["ID_FS_TYPE"]), ("usage", udev["ID_FS_USAGE"]),
                    ("uuid", udev["ID_FS_UUID"]), ("version", udev["ID_FS_VERSION"]),
                ])
        }
        guard udev["ID_ATA"] == "1" else { return }
        addNumber(
            udev["ID_ATA_WRITE_CACHE"], "node_disk_ata_write_cache", "1 if the ATA disk has a write cache.", device,
            &page)
        addNumber(
            udev["ID_ATA_WRITE_CACHE_ENABLED"], "node_disk_ata_write_cache_enabled",
            "1 if the write cache of the ATA disk is on.", device, &page)
        addNumber(
            udev["ID_ATA_ROTATION_RATE_RPM"], "node_disk_ata_rotation_rate_rpm",
            "Revolutions of the ATA disk in a minute; 0 for one without moving parts.", device, &page)
    }

    private func addNumber(
        _ text: String, _ metric: String, _ help: String, _ device: String, _ page: inout MetricPage
    ) {
        guard let value = Double(text) else { return }
        page.add(page.family(metric, .gauge, help), value, "device", device)
    }
}

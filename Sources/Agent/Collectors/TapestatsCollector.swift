/// Transfers of tape drives.
final class TapestatsCollector: Collector {
    static let definition = CollectorDefinition("tapestats") { host, _ in TapestatsCollector(host) }

    /// The file, the metric, its kind, what it counts, and what a value is multiplied by.
    private static let files: [(String, String, MetricPage.Kind, String, Double)] = [
        ("in_flight", "io_now", .gauge, "Transfers that are under way.", 1),
        ("io_ns", "io_time_seconds_total", .counter, "Seconds that all transfers and movements took.", 1e-9),
        ("other_cnt", "io_others_total", .counter, "Commands other than reads and writes.", 1),
        ("read_byte_cnt", "read_bytes_total", .counter, "Bytes that were read.", 1),
        ("read_cnt", "reads_completed_total", .counter, "Reads that were issued.", 1),
        ("read_ns", "read_time_seconds_total", .counter, "Seconds that reads took.", 1e-9),
        ("write_byte_cnt", "written_bytes_total", .counter, "Bytes that were written.", 1),
        ("write_cnt", "writes_completed_total", .counter, "Writes that were issued.", 1),
        ("write_ns", "write_time_seconds_total", .counter, "Seconds that writes took.", 1e-9),
        ("resid_cnt", "residual_total", .counter, "Transfers that were shorter than asked for.", 1),
    ]

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/scsi_tape")
        // Each drive has eight names, of which `st0` is the plain one.
        let drives = host.list(folder).filter { $0.hasPrefix("st") && Int($0.dropFirst(2)) != nil }
        guard !drives.isEmpty else { throw .noData("there are no tape drives") }
        for drive in drives {
            for (file, metric, kind, help, factor) in Self.files {
                guard let value = host.number("\(folder)/\(drive)/stats/\(file)") else { continue }
                page.add(page.family("node_tape_\(metric)", kind, help), value * factor, "device", drive)
            }
        }
    }
}

/// bcache: sets of caching and backing devices.
final class BcacheCollector: Collector {
    static let definition = CollectorDefinition(
        "bcache",
        settings: [
            CollectorSetting(
                "priority-stats", "also what makes the kernel walk all buckets of a cache", standard: "false")
        ]
    ) { host, settings in BcacheCollector(host, showsPriority: settings.isOn("priority-stats")) }

    private typealias Metric = (file: String, name: String, kind: MetricPage.Kind, help: String)

    private static let setMetrics: [Metric] = [
        ("average_key_size", "average_key_size_sectors", .gauge, "Sectors per key of the tree."),
        ("btree_cache_size", "btree_cache_size_bytes", .gauge, "Memory of the tree's cache."),
        ("cache_available_percent", "cache_available_percent", .gauge, "Percent of the cache without dirty data."),
        ("congested", "congested", .gauge, "Congestion."),
        ("root_usage_percent", "root_usage_percent", .gauge, "Percent of the tree's root in use."),
        ("tree_depth", "tree_depth", .gauge, "Depth of the tree."),
        (
            "internal/active_journal_entries", "active_journal_entries", .gauge,
            "Entries of the journal newer than the index."
        ),
        ("internal/btree_nodes", "btree_nodes", .gauge, "Nodes of the tree."),
        (
            "internal/cache_read_races", "cache_read_races_total", .counter,
            "Reads whose bucket was used anew meanwhile."
        ),
    ]
    private static let backingMetrics: [Metric] = [
        ("bypassed", "bypassed_bytes_total", .counter, "Bytes that passed the cache by."),
        ("cache_hits", "cache_hits_total", .counter, "Requests that the cache answered."),
        ("cache_misses", "cache_misses_total", .counter, "Requests that it did not."),
        ("cache_bypass_hits", "cache_bypass_hits_total", .counter, "Requests past the cache that it had."),
        ("cache_bypass_misses", "cache_bypass_misses_total", .counter, "Requests past the cache that it had not."),
        ("cache_miss_collisions", "cache_miss_collisions_total", .counter, "Misses that raced with a write."),
        ("cache_readaheads", "cache_readaheads_total", .counter, "Reads ahead."),
    ]
    private static let cacheMetrics: [Metric] = [
        ("io_errors", "io_errors", .gauge, "Errors of the device, halved from time to time."),
        ("metadata_written", "metadata_written_bytes_total", .counter, "Bytes written that are no data."),
        ("written", "written_bytes_total", .counter, "Bytes of data written."),
    ]
    /// The lines of writeback_rate_debug.
    private static let writeback: [String: (name: String, help: String)] = [
        "rate": ("writeback_rate", "Bytes written back in a second."),
        "target": ("dirty_target_bytes", "Bytes of dirty data that are aimed at."),
        "proportional": ("writeback_rate_proportional_term", "What the distance from the aim adds to the rate."),
        "integral": ("writeback_rate_integral_term", "What the sum of distances adds to the rate."),
        "change": ("writeback_change", "The last change of the rate."),
    ]

    private let host: HostFiles
    private let showsPriority: Bool
    private var text = FieldText()

    init(_ host: HostFiles, showsPriority: Bool) {
        self.host = host
        self.showsPriority = showsPriority
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("fs/bcache")
        // Beside the sets are files through which sets are registered.
        let sets = host.list(folder).filter { host.isDirectory("\(folder)/\($0)") && $0.contains("-") }
        guard !sets.isEmpty else { throw .noData("there is no bcache") }
        for uuid in sets { add(uuid, "\(folder)/\(uuid)", &page) }
    }

    private func add(_ uuid: String, _ path: String, _ page: inout MetricPage) {
        add(Self.setMetrics, path, [("uuid", uuid)], &page)
        // node_exporter takes these microseconds for nanoseconds; dashboards have come to expect it.
        if let duration = host.attribute("\(path)/internal/btree_read_average_duration_us").flatMap(Double.init) {
            page.add(
                "node_bcache_btree_read_average_duration_seconds", .gauge, "Seconds that a read of the tree takes.",
                duration / 1e9, [("uuid", uuid)])
        }
        for device in host.list(path) {
            if device.hasPrefix("bdev") {
                addBacking("\(path)/\(device)", [("backing_device", device), ("uuid", uuid)], path, &page)
            } else if device.hasPrefix("cache"), host.exists("\(path)/\(device)/written") {
                let labels = [("cache_device", device), ("uuid", uuid)]
                add(Self.cacheMetrics, "\(path)/\(device)", labels, &page)
                if showsPriority { addPriority("\(path)/\(device)", labels, &page) }
            }
        }
    }

    private func addBacking(
        _ path: String, _ labels: [MetricPage.Label], _ set: String, _ page: inout MetricPage
    ) {
        let totals = host.isDirectory("\(path)/stats_total") ? "\(path)/stats_total" : "\(set)/stats_total"
        add(Self.backingMetrics, totals, labels, &page)
        if let bytes = host.attribute("\(path)/dirty_data").flatMap({ HumanSize.bcacheBytes($0) }) {
            page.add("node_bcache_dirty_data_bytes", .gauge, "Bytes that only the cache has.", bytes, labels)
        }
        guard host.reads("\(path)/writeback_rate_debug", into: &text) else { return }
        while text.nextLine() {
            guard let (name, help) = Self.writeback[text.key(0)] else { continue }
            let size = text.string(1)
            let digits = size.hasSuffix("/sec") ? size.dropLast(4) : size[...]
            guard let bytes = HumanSize.bcacheBytes(digits) else { continue }
            page.add("node_bcache_\(name)", .gauge, help, bytes, labels)
        }
    }

    private func addPriority(_ path: String, _ labels: [MetricPage.Label], _ page: inout MetricPage) {
        guard host.reads("\(path)/priority_stats", into: &text) else { return }
        while text.nextLine() {
            let key = text.key(0).lowercased()
            guard key == "unused" || key == "metadata", text.string(1).hasSuffix("%"),
                let percent = Double(text.string(1).dropLast())
            else { continue }
            page.add(
                "node_bcache_priority_stats_\(key)_percent", .gauge, "Percent of the cache that is \(key).", percent,
                labels)
        }
    }

    private func add(_ metrics: [Metric], _ folder: String, _ labels: [MetricPage.Label], _ page: inout MetricPage) {
        for (file, name, kind, help) in metrics {
            guard let value = host.attribute("\(folder)/\(file)").flatMap({ HumanSize.bcacheBytes($0) }) else {
                continue
            }
            page.add("node_bcache_\(name)", kind, help, value, labels)
        }
    }
}

/// What ZFS counts, as a whole and for each pool and dataset.
final class ZfsCollector: Collector {
    static let definition = CollectorDefinition("zfs") { host, _ in ZfsCollector(host) }

    /// The file of counters and what its metrics begin with.
    private static let files = [
        ("abdstats", "abd"), ("arcstats", "arc"), ("dbufstats", "dbuf"), ("dmu_tx", "dmu_tx"), ("dnodestats", "dnode"),
        ("fm", "fm"), ("vdev_cache_stats", "vdev_cache"), ("vdev_mirror_stats", "vdev_mirror"), ("xuio_stats", "xuio"),
        ("zfetchstats", "zfetch"), ("zil", "zil"),
    ]
    private static let states = ["degraded", "faulted", "offline", "online", "removed", "suspended", "unavail"]

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.proc("spl/kstat/zfs")
        guard host.isDirectory(folder) else { throw .noData("ZFS is not loaded") }
        for (file, prefix) in Self.files where host.reads("\(folder)/\(file)", into: &text) {
            forEachCounter { name, value in
                page.add("node_zfs_\(prefix)_\(name)", .untyped, "The counter \(name) of \(file).", value)
            }
        }
        for pool in host.list(folder) where host.isDirectory("\(folder)/\(pool)") {
            addState(of: pool, "\(folder)/\(pool)/state", &page)
            addTransfers(of: pool, "\(folder)/\(pool)/io", &page)
            for file in host.list("\(folder)/\(pool)") where file.hasPrefix("objset-") {
                addDataset(of: pool, "\(folder)/\(pool)/\(file)", &page)
            }
        }
    }

    /// Lines of a name, a type and a value, after a heading; 3 and 4 are the types of whole numbers.
    private func forEachCounter(_ body: (_ name: String, _ value: Double) -> Void) {
        while text.nextLine() {
            guard text.isEqual(1, "4") || text.isEqual(1, "3"), text.count == 3, let value = text.number(2) else {
                continue
            }
            // Names of counters of kmem caches hold what no metric's name may.
            body(SensorFile.metricName(text.string(0)), value)
        }
    }

    private func addState(of pool: String, _ path: String, _ page: inout MetricPage) {
        guard let current = host.attribute(path)?.lowercased() else { return }
        let family = page.family("node_zfs_zpool_state", .gauge, "1 for the state that a pool is in.")
        for state in Self.states { page.add(family, state == current ? 1 : 0, "zpool", pool, "state", state) }
    }

    /// A line of names and a line of values, after a heading.
    private func addTransfers(of pool: String, _ path: String, _ page: inout MetricPage) {
        guard host.reads(path, into: &text), text.nextLine(), text.nextLine() else { return }
        let names = (0..<text.count).map { text.string($0) }
        guard text.nextLine() else { return }
        for (index, name) in names.enumerated() {
            guard let value = text.number(index) else { continue }
            page.add(
                page.family("node_zfs_zpool_\(name)", .untyped, "The counter \(name) of a pool."), value, "zpool", pool)
        }
    }

    private func addDataset(of pool: String, _ path: String, _ page: inout MetricPage) {
        guard host.reads(path, into: &text) else { return }
        var dataset = ""
        while text.nextLine() {
            if text.isEqual(0, "dataset_name") {
                dataset = text.rest(from: 2)
            } else if text.isEqual(1, "4") || text.isEqual(1, "3"), text.count == 3, let value = text.number(2) {
                let name = text.string(0)
                let family = page.family(
                    "node_zfs_zpool_dataset_\(name)", .untyped, "The counter \(name) of a dataset.")
                page.add(family, value, "zpool", pool, "dataset", dataset)
            }
        }
    }
}

/// bcachefs: what each file system counts since it was made, and its devices.
final class BcachefsCollector: Collector {
    static let definition = CollectorDefinition("bcachefs") { host, _ in BcachefsCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("fs/bcachefs")
        let systems = host.list(folder).filter { host.isDirectory("\(folder)/\($0)") }
        guard !systems.isEmpty else { throw .noData("there is no bcachefs") }
        for uuid in systems {
            let path = "\(folder)/\(uuid)"
            page.add("node_bcachefs_info", .gauge, "A bcachefs that is mounted.", 1, [("uuid", uuid)])
            if let bytes = host.attribute("\(path)/btree_cache_size").flatMap({ HumanSize.bytes($0) }) {
                page.add(
                    "node_bcachefs_btree_cache_size_bytes", .gauge, "Memory of the trees' cache.", bytes,
                    [("uuid", uuid)])
            }
            addCounters(uuid, "\(path)/counters", &page)
            addCompression(uuid, path, &page)
            addErrors(uuid, path, &page)
            addTreeWrites(uuid, path, &page)
            for device in host.list(path) where device.hasPrefix("dev-") {
                addDevice(uuid, String(device.dropFirst(4)), "\(path)/\(device)", &page)
            }
        }
    }

    /// Each file has a line since the mount and one since the file system was made.
    private func addCounters(_ uuid: String, _ folder: String, _ page: inout MetricPage) {
        for name in host.list(folder) where host.reads("\(folder)/\(name)", into: &text) {
            while text.nextLine() {
                guard text.lineText.hasPrefix("since filesystem creation:"),
                    let count = HumanSize.bytes(text.string(text.count - 1))
                else { continue }
                page.add(
                    "node_bcachefs_\(name)_total", .counter, "\(name) since the file system was made.", count,
                    [("uuid", uuid)])
            }
        }
    }

    private func addCompression(_ uuid: String, _ path: String, _ page: inout MetricPage) {
        guard host.reads("\(path)/compression_stats", into: &text), text.nextLine() else { return }
        while text.nextLine() {
            let labels = [("algorithm", text.string(0)), ("uuid", uuid)]
            if let bytes = HumanSize.bytes(text.string(1)) {
                page.add("node_bcachefs_compression_compressed_bytes", .gauge, "Bytes on disk.", bytes, labels)
            }
            if let bytes = HumanSize.bytes(text.string(2)) {
                page.add(
                    "node_bcachefs_compression_uncompressed_bytes", .gauge, "Bytes before compression.", bytes, labels)
            }
        }
    }

    private func addErrors(_ uuid: String, _ path: String, _ page: inout MetricPage) {
        guard host.reads("\(path)/errors", into: &text) else { return }
        while text.nextLine() {
            guard let count = text.number(1) else { continue }
            page.add(
                "node_bcachefs_errors_total", .counter, "Errors by their kind.", count,
                [("error_type", text.string(0)), ("uuid", uuid)])
        }
    }

    private func addTreeWrites(_ uuid: String, _ path: String, _ page: inout MetricPage) {
        guard host.reads("\(path)/btree_write_stats", into: &text) else { return }
        while text.nextLine() {
            guard text.count == 3, let count = text.number(1), let size = HumanSize.bytes(text.string(2)) else {
                continue
            }
            let labels = [("type", text.key(0)), ("uuid", uuid)]
            page.add("node_bcachefs_btree_writes_total", .counter, "Writes of tree nodes by cause.", count, labels)
            page.add(
                "node_bcachefs_btree_write_average_size_bytes", .gauge, "Bytes of such a write.", size, labels)
        }
    }

    private func addDevice(_ uuid: String, _ device: String, _ path: String, _ page: inout MetricPage) {
        let labels = [("device", device), ("uuid", uuid)]
        page.add(
            "node_bcachefs_device_info", .gauge, "What a device is called and does.", 1,
            [
                ("device", device), ("label", host.attribute("\(path)/label") ?? ""),
                ("state", host.attribute("\(path)/state") ?? ""), ("uuid", uuid),
            ])
        if let bytes = host.attribute("\(path)/bucket_size").flatMap({ HumanSize.bytes($0) }) {
            page.add("node_bcachefs_device_bucket_size_bytes", .gauge, "Bytes of a bucket.", bytes, labels)
        }
        if let count = host.number("\(path)/nbuckets") {
            page.add("node_bcachefs_device_buckets", .gauge, "Buckets of a device.", count, labels)
        }
        if let copies = host.number("\(path)/durability") {
            page.add("node_bcachefs_device_durability", .gauge, "How many copies one here counts for.", copies, labels)
        }
        addTransfers(uuid, device, path, &page)
        addDeviceErrors(uuid, device, path, &page)
    }

    private func addTransfers(_ uuid: String, _ device: String, _ path: String, _ page: inout MetricPage) {
        guard host.reads("\(path)/io_done", into: &text) else { return }
        var operation = ""
        while text.nextLine() {
            let (name, value) = pair()
            guard let bytes = Double(value) else {
                operation = name
                continue
            }
            page.add(
                "node_bcachefs_device_io_done_bytes_total", .counter, "Bytes moved by operation and kind of data.",
                bytes, [("data_type", name), ("device", device), ("operation", operation), ("uuid", uuid)])
        }
    }

    private func addDeviceErrors(_ uuid: String, _ device: String, _ path: String, _ page: inout MetricPage) {
        guard host.reads("\(path)/io_errors", into: &text) else { return }
        var isTotal = false
        while text.nextLine() {
            let (name, value) = pair()
            guard let count = Double(value) else {
                isTotal = name.hasSuffix("since filesystem creation")
                continue
            }
            guard isTotal else { continue }
            page.add(
                "node_bcachefs_device_io_errors_total", .counter, "Errors of a device by operation.", count,
                [("device", device), ("type", name), ("uuid", uuid)])
        }
    }

    /// `user        :610019098624` without the blanks.
    private func pair() -> (name: String, value: String) {
        let parts = text.lineText.split(separator: ":", maxSplits: 1)
        func trimmed(_ part: Substring) -> String {
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        return (parts.first.map(trimmed) ?? "", parts.count > 1 ? trimmed(parts[1]) : "")
    }
}

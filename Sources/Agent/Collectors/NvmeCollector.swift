/// NVMe drives and their namespaces.
final class NvmeCollector: Collector {
    static let definition = CollectorDefinition("nvme") { host, _ in NvmeCollector(host) }

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/nvme")
        let names = host.list(folder)
        guard !names.isEmpty else { throw .noData("there are no NVMe drives") }
        for device in names {
            let path = "\(folder)/\(device)"
            func text(_ attribute: String) -> String { host.attribute("\(path)/\(attribute)") ?? "" }
            page.add(
                "node_nvme_info", .gauge, "What is known of an NVMe drive.", 1,
                [
                    ("device", device), ("firmware_revision", text("firmware_rev")), ("model", text("model")),
                    ("serial", text("serial")), ("state", text("state")), ("cntlid", text("cntlid")),
                ])
            for name in host.list(path) where name.hasPrefix("\(device)n") || name.hasPrefix("\(device)c") {
                addNamespace("\(path)/\(name)", device, name, &page)
            }
        }
    }

    private func addNamespace(_ path: String, _ device: String, _ name: String, _ page: inout MetricPage) {
        guard let n = name.lastIndex(of: "n"), let blockBytes = host.number("\(path)/queue/logical_block_size"),
            let blocks = host.number("\(path)/size")
        else { return }
        let number = String(name[name.index(after: n)...])
        func add(_ metric: String, _ help: String, _ value: Double) {
            page.add(
                page.family("node_nvme_namespace_\(metric)", .gauge, help), value, "device", device, "nsid", number)
        }
        page.add(
            "node_nvme_namespace_info", .gauge, "What is known of an NVMe namespace.", 1,
            [("device", device), ("nsid", number), ("ana_state", host.attribute("\(path)/ana_state") ?? "unknown")])
        add("capacity_bytes", "Bytes that a namespace can hold.", blocks * blockBytes)
        add("size_bytes", "Bytes of a namespace.", blocks * blockBytes)
        if let used = host.number("\(path)/nuse") {
            add("used_bytes", "Bytes of a namespace in use.", used * blockBytes)
        }
        add("logical_block_size_bytes", "Bytes of a logical block of a namespace.", blockBytes)
    }
}

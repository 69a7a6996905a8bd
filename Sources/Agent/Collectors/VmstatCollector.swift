/// Paging and swapping.
final class VmstatCollector: Collector {
    static let definition = CollectorDefinition(
        "vmstat",
        settings: [
            CollectorSetting(
                "fields", "only fields that this expression finds something in",
                standard: "^(oom_kill|pgpg|pswp|pg.*fault).*")
        ]
    ) { host, settings throws(CollectorError) in
        VmstatCollector(host, fields: try NameFilter(include: settings.text("fields")))
    }

    private let host: HostFiles
    private let fields: NameFilter
    private var text = FieldText()
    /// By line: the kernel's list is the same at each scrape.
    private var taken: [String: Bool] = [:]

    init(_ host: HostFiles, fields: NameFilter) {
        self.host = host
        self.fields = fields
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("vmstat"), into: &text)
        while text.nextLine() {
            let name = text.string(0)
            let isTaken = taken[name] ?? fields.takes(name)
            taken[name] = isTaken
            guard isTaken, let value = text.number(1) else { continue }
            page.add("node_vmstat_\(name)", .untyped, "\(name) of /proc/vmstat.", value)
        }
    }
}

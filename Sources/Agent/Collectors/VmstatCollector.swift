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
    private var known = KnownNames()

    init(_ host: HostFiles, fields: NameFilter) {
        self.host = host
        self.fields = fields
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("vmstat"), into: &text)
        known.rewind()
        while text.nextLine() {
            let family = known.family(of: text, 0) { name in
                fields.takes(name)
                    ? page.family("node_vmstat_\(name)", .untyped, "\(name) of /proc/vmstat.") : nil
            }
            if let family, let value = text.number(1) { page.add(family, value) }
        }
    }
}

/// Counters of the network protocols.
final class NetstatCollector: Collector {
    static let definition = CollectorDefinition(
        "netstat",
        settings: [
            CollectorSetting(
                "fields", "only fields that this expression finds something in",
                standard: "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|"
                    + "Icmp6?_(InMsgs|OutMsgs)|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|"
                    + "TCPRcvQDrop)|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|"
                    + "Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$")
        ]
    ) { host, settings throws(CollectorError) in
        NetstatCollector(host, fields: try NameFilter(include: settings.text("fields")))
    }

    private let host: HostFiles
    private let fields: NameFilter
    private var text = FieldText()
    /// The fields that the expression takes, or does not: the kernel's list is the same at each scrape.
    private var taken: [String: Bool] = [:]

    init(_ host: HostFiles, fields: NameFilter) {
        self.host = host
        self.fields = fields
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try addPairs(host.proc("net/netstat"), &page)
        try addPairs(host.proc("net/snmp"), &page)
        // Missing where IPv6 is switched off.
        if host.reads(host.proc("net/snmp6"), into: &text) { addNamed(&page) }
    }

    /// A line with the names of a protocol's fields, then one with their values.
    private func addPairs(_ path: String, _ page: inout MetricPage) throws(CollectorError) {
        try host.read(path, into: &text)
        while text.nextLine() {
            let protocolName = text.key(0)
            let names = (1..<max(1, text.count)).map { text.string($0) }
            guard text.nextLine(), text.key(0) == protocolName, text.count == names.count + 1 else {
                throw .failed("\(path): the line of values does not fit the names of \(protocolName)")
            }
            for (index, name) in names.enumerated() {
                if let value = text.number(index + 1) { add(protocolName, name, value, &page) }
            }
        }
    }

    private func addNamed(_ page: inout MetricPage) {
        while text.nextLine() {
            let name = text.string(0)
            guard let six = name.firstIndex(of: "6"), let value = text.number(1) else { continue }
            add(String(name[...six]), String(name[name.index(after: six)...]), value, &page)
        }
    }

    private func add(_ protocolName: String, _ name: String, _ value: Double, _ page: inout MetricPage) {
        let field = "\(protocolName)_\(name)"
        let isTaken = taken[field] ?? fields.takes(field)
        taken[field] = isTaken
        guard isTaken else { return }
        page.add("node_netstat_\(field)", .untyped, "The statistic \(protocolName)\(name).", value)
    }
}

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
    /// By their number over all files.
    private var known: [Columns] = []
    private var knownNamed = KnownNames()

    /// A line of names, which the kernel repeats at each scrape, and what of it is shown.
    private struct Columns {
        let head: [UInt8]
        let protocolName: String
        let count: Int
        var shown: [(column: Int, family: MetricPage.Family)] = []
    }

    init(_ host: HostFiles, fields: NameFilter) {
        self.host = host
        self.fields = fields
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var next = 0
        try addPairs(host.proc("net/netstat"), &next, &page)
        try addPairs(host.proc("net/snmp"), &next, &page)
        // Missing where IPv6 is switched off.
        if host.reads(host.proc("net/snmp6"), into: &text) { addNamed(&page) }
    }

    /// A line with the names of a protocol's fields, then one with their values.
    ///
    /// - Parameter next: the number of the line of names.
    private func addPairs(_ path: String, _ next: inout Int, _ page: inout MetricPage) throws(CollectorError) {
        try host.read(path, into: &text)
        while text.nextLine() {
            if next == known.count || !text.isLine(known[next].head) {
                known.removeSubrange(next...)
                known.append(columns(&page))
            }
            let columns = known[next]
            next += 1
            guard text.nextLine(), text.key(0) == columns.protocolName, text.count == columns.count else {
                throw .failed("\(path): the line of values does not fit the names of \(columns.protocolName)")
            }
            for (column, family) in columns.shown {
                if let value = text.number(column) { page.add(family, value) }
            }
        }
    }

    /// What the current line names.
    private func columns(_ page: inout MetricPage) -> Columns {
        var columns = Columns(head: Array(text.lineText.utf8), protocolName: text.key(0), count: text.count)
        for column in 1..<max(1, text.count) {
            if let family = family(columns.protocolName, text.string(column), &page) {
                columns.shown.append((column, family))
            }
        }
        return columns
    }

    private func addNamed(_ page: inout MetricPage) {
        knownNamed.rewind()
        while text.nextLine() {
            let family = knownNamed.family(of: text, 0) { name in
                guard let six = name.firstIndex(of: "6") else { return nil }
                return self.family(String(name[...six]), String(name[name.index(after: six)...]), &page)
            }
            if let family, let value = text.number(1) { page.add(family, value) }
        }
    }

    /// Nil where it is not shown.
    private func family(_ protocolName: String, _ name: String, _ page: inout MetricPage) -> MetricPage.Family? {
        let field = "\(protocolName)_\(name)"
        guard fields.takes(field) else { return nil }
        return page.family("node_netstat_\(field)", .untyped, "The statistic \(protocolName)\(name).")
    }
}

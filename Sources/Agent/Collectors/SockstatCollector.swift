/// Sockets in use by protocol.
final class SockstatCollector: Collector {
    static let definition = CollectorDefinition("sockstat") { host, _ in SockstatCollector(host) }

    private let host: HostFiles
    private let pageBytes: Double
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
        pageBytes = Double(PageSize.bytes)
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("net/sockstat"), into: &text)
        add(&page)
        // Missing where IPv6 is switched off.
        if host.reads(host.proc("net/sockstat6"), into: &text) { add(&page) }
    }

    /// Lines of a protocol and pairs of a name and a number.
    private func add(_ page: inout MetricPage) {
        while text.nextLine() {
            let protocolName = text.key(0)
            for index in stride(from: 1, to: text.count - 1, by: 2) {
                guard let value = text.number(index + 1) else { continue }
                let name = text.string(index)
                if protocolName == "sockets" {
                    page.add("node_sockstat_sockets_used", .gauge, "Sockets in use.", value)
                    continue
                }
                let metric = "node_sockstat_\(protocolName)_\(name)"
                page.add(metric, .gauge, "\(protocolName) sockets: \(name).", value)
                if name == "mem" {
                    page.add(metric + "_bytes", .gauge, "\(protocolName) sockets: \(name) in bytes.", value * pageBytes)
                }
            }
        }
    }
}

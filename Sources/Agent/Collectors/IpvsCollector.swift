/// The load balancer of the kernel.
final class IpvsCollector: Collector {
    static let definition = CollectorDefinition("ipvs") { host, _ in IpvsCollector(host) }

    private static let totals = [
        ("connections", "Connections that were balanced."), ("incoming_packets", "Packets that came in."),
        ("outgoing_packets", "Packets that went out."), ("incoming_bytes", "Bytes that came in."),
        ("outgoing_bytes", "Bytes that went out."),
    ]

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        guard host.reads(host.proc("net/ip_vs_stats"), into: &text) else { throw .noData("IPVS is not loaded") }
        // Two lines of headings, then the totals in hexadecimal.
        for _ in 0..<3 { _ = text.nextLine() }
        for (index, (metric, help)) in Self.totals.enumerated() {
            guard let count = UInt64(text.string(index), radix: 16) else { continue }
            page.add("node_ipvs_\(metric)_total", .counter, help, Double(count))
        }
        try host.read(host.proc("net/ip_vs"), into: &text)
        addBackends(&page)
    }

    private func addBackends(_ page: inout MetricPage) {
        let active = page.family("node_ipvs_backend_connections_active", .gauge, "Open connections of a backend.")
        let inactive = page.family(
            "node_ipvs_backend_connections_inactive", .gauge, "Closing connections of a backend.")
        let weight = page.family("node_ipvs_backend_weight", .gauge, "Weight of a backend.")
        var service: [MetricPage.Label] = []
        while text.nextLine() {
            switch text.string(0) {
            case "TCP", "UDP", "SCTP":
                guard let local = Self.address(text.string(1)) else { continue }
                service = [
                    ("proto", text.string(0)), ("local_address", local.address), ("local_port", local.port),
                    ("local_mark", ""),
                ]
            case "FWM":
                service = [
                    ("proto", "FWM"), ("local_address", ""), ("local_port", "0"), ("local_mark", text.string(1)),
                ]
            case "->" where !service.isEmpty:
                guard let remote = Self.address(text.string(1)), let weights = text.number(3),
                    let open = text.number(4), let closing = text.number(5)
                else { continue }
                let labels = service + [("remote_address", remote.address), ("remote_port", remote.port)]
                page.add(weight, weights, labels)
                page.add(active, open, labels)
                page.add(inactive, closing, labels)
            default: break
            }
        }
    }

    /// `C0A80016:0CEA` is 192.168.0.22 and 3306; version 6 stands in brackets and in words already.
    private static func address(_ text: String) -> (address: String, port: String)? {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...], radix: 16)
        else {
            return nil
        }
        let host = text[..<colon]
        if host.hasPrefix("[") { return (String(host.dropFirst().dropLast()), String(port)) }
        guard let number = UInt32(host, radix: 16) else { return nil }
        let parts = [24, 16, 8, 0].map { String(number >> UInt32($0) & 255) }
        return (parts.joined(separator: "."), String(port))
    }
}

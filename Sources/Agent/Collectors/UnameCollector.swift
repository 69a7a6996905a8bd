import Glibc

/// Which kernel this is, on which machine.
final class UnameCollector: Collector {
    static let definition = CollectorDefinition("uname") { host, _ in UnameCollector(host) }

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var name = utsname()
        guard unsafe uname(&name) == 0 else { throw .failed("uname failed") }
        let labels: [MetricPage.Label] = [
            ("sysname", Self.text(&name.sysname)), ("release", Self.text(&name.release)),
            ("version", Self.text(&name.version)), ("machine", Self.text(&name.machine)),
            ("nodename", Self.text(&name.nodename)),
            ("domainname", host.attribute(host.proc("sys/kernel/domainname")) ?? "(none)"),
        ]
        page.add("node_uname_info", .gauge, "Which kernel this is, on which machine.", 1, labels)
    }

    private static func text<Field>(_ field: inout Field) -> String {
        unsafe withUnsafeBytes(of: &field) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}

/// Whether SELinux is there, and whether it enforces.
final class SelinuxCollector: Collector {
    static let definition = CollectorDefinition("selinux") { host, _ in SelinuxCollector(host) }

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let mode = host.number(host.sys("fs/selinux/enforce"))
        page.add("node_selinux_enabled", .gauge, "1 if SELinux is there.", mode == nil ? 0 : 1)
        guard let mode else { return }
        page.add("node_selinux_current_mode", .gauge, "1 if SELinux enforces, 0 if it only warns.", mode)
        var text = FieldText()
        guard host.reads(host.root("/etc/selinux/config"), into: &text) else { return }
        while text.nextLine() {
            let modes = ["SELINUX=enforcing": 1.0, "SELINUX=permissive": 0.0]
            if let configured = modes[text.string(0)] {
                page.add(
                    "node_selinux_config_mode", .gauge, "1 if SELinux is configured to enforce, 0 if only to warn.",
                    configured)
            }
        }
    }
}

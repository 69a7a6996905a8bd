/// The load averages of /proc/loadavg.
final class LoadavgCollector: Collector {
    static let definition = CollectorDefinition("loadavg") { host, _ in LoadavgCollector(host) }

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("loadavg"), into: &text)
        guard text.nextLine(), let one = text.number(0), let five = text.number(1), let fifteen = text.number(2) else {
            throw .failed("\(host.proc("loadavg")) does not begin with three numbers")
        }
        page.add("node_load1", .gauge, "Load average over one minute.", one)
        page.add("node_load5", .gauge, "Load average over five minutes.", five)
        page.add("node_load15", .gauge, "Load average over fifteen minutes.", fifteen)
    }
}

/// Bonded network interfaces.
final class BondingCollector: Collector {
    static let definition = CollectorDefinition("bonding") { host, _ in BondingCollector(host) }

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/net")
        guard let masters = host.attribute("\(folder)/bonding_masters") else { throw .noData("nothing is bonded") }
        let configured = page.family("node_bonding_slaves", .gauge, "Interfaces that are bonded.")
        let active = page.family("node_bonding_active", .gauge, "Bonded interfaces that are up.")
        for master in masters.split(separator: " ").map(String.init) {
            let slaves = (host.attribute("\(folder)/\(master)/bonding/slaves") ?? "").split(separator: " ")
            let up = slaves.filter { slave in
                // The link to the interface had another name before Linux 3.13.
                ["lower_\(slave)", "slave_\(slave)"].contains { link in
                    host.attribute("\(folder)/\(master)/\(link)/bonding_slave/mii_status") == "up"
                }
            }
            page.add(configured, Double(slaves.count), "master", master)
            page.add(active, Double(up.count), "master", master)
        }
    }
}

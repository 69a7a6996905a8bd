/// What the firmware says of the machine.
final class DmiCollector: Collector {
    static let definition = CollectorDefinition("dmi") { host, _ in DmiCollector(host) }

    private static let attributes = [
        "bios_date", "bios_release", "bios_vendor", "bios_version", "board_asset_tag", "board_name", "board_serial",
        "board_vendor", "board_version", "chassis_asset_tag", "chassis_serial", "chassis_vendor", "chassis_version",
        "product_family", "product_name", "product_serial", "product_sku", "product_uuid", "product_version",
    ]

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/dmi/id")
        guard host.isDirectory(folder) else { throw .noData("the firmware tells nothing of itself") }
        var labels: [MetricPage.Label] = Self.attributes.compactMap { name in
            host.attribute("\(folder)/\(name)").map { (name, $0) }
        }
        if let vendor = host.attribute("\(folder)/sys_vendor") { labels.append(("system_vendor", vendor)) }
        page.add("node_dmi_info", .gauge, "What the firmware says of the machine.", 1, labels)
    }
}

import Posix

/// Units of systemd and their states, over D-Bus. Not on in node_exporter, yet read by the popular dashboards.
final class SystemdCollector: Collector {
    static let definition = CollectorDefinition(
        "systemd",
        settings: [
            .init("unit-include", "units that are shown", standard: ".+"),
            .init("unit-exclude", "units that are not", standard: #".+\.(automount|device|mount|scope|slice)"#),
            .init("bus", "the socket of the system's D-Bus", standard: "/run/dbus/system_bus_socket"),
        ]
    ) { host, settings throws(CollectorError) in
        SystemdCollector(host, try settings.filter("unit"), settings.text("bus"))
    }

    private struct Unit {
        let name: String
        let state: String
        let path: String
        var kind: String { name.split(separator: ".").last.map(String.init) ?? "" }
    }

    private static let states = ["activating", "active", "deactivating", "failed", "inactive"]
    private static let manager = "org.freedesktop.systemd1"

    private let host: HostFiles
    private let filter: NameFilter
    private let socket: String
    /// What a service's `Type` is, which does not change while it is loaded.
    private var types: [String: String] = [:]

    init(_ host: HostFiles, _ filter: NameFilter, _ socket: String) {
        (self.host, self.filter, self.socket) = (host, filter, socket)
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let path = host.root(socket)
        guard host.exists(path), let address = SocketAddress("unix:\(path)") else {
            throw .noData("\(path) is not there")
        }
        let bus = try SystemBus(address)
        try addManager(bus, &page)
        let answer = try bus.call(
            Self.manager, "/org/freedesktop/systemd1", "\(Self.manager).Manager", "ListUnits")
        // Name, description, load state, active state, sub state, followed unit, path and three of its job.
        let loaded = (answer.first?.items ?? []).map(\.items).filter { $0.count >= 7 && $0[2].text == "loaded" }
        let units = loaded.map { Unit(name: $0[0].text, state: $0[3].text, path: $0[6].text) }
        let summary = page.family("node_systemd_units", .gauge, "Loaded units by state.")
        for state in Self.states {
            page.add(summary, Double(units.count { $0.state == state }), "state", state)
        }
        let shown = units.filter { filter.takes($0.name) }
        types = types.filter { type in shown.contains { $0.name == type.key } }
        for unit in shown { try add(unit, bus, &page) }
    }

    private func addManager(_ bus: SystemBus, _ page: inout MetricPage) throws(CollectorError) {
        let facts = try properties(of: "/org/freedesktop/systemd1", "\(Self.manager).Manager", bus)
        page.add(
            "node_systemd_system_running", .gauge, "1 if the system runs and no unit has failed.",
            facts["SystemState"]?.text == "running" ? 1 : 0)
        let version = facts["Version"]?.text ?? ""
        let number = version.drop { !$0.isNumber }.prefix { $0.isNumber }
        if let number = Double(number) {
            page.add("node_systemd_version", .gauge, "The version of systemd.", number, [("version", version)])
        }
    }

    private func add(_ unit: Unit, _ bus: SystemBus, _ page: inout MetricPage) throws(CollectorError) {
        var type = ""
        if unit.kind == "service" {
            let facts = try properties(of: unit.path, "\(Self.manager).Service", bus, ifNew: unit.name)
            if let found = facts["Type"]?.text { types[unit.name] = found }
            type = types[unit.name] ?? ""
        }
        let family = page.family("node_systemd_unit_state", .gauge, "1 for the state of each unit.")
        for state in Self.states {
            page.add(
                family, unit.state == state ? 1 : 0, [("name", unit.name), ("state", state), ("type", type)])
        }
        if unit.kind == "timer" {
            let facts = try properties(of: unit.path, "\(Self.manager).Timer", bus)
            if let last = facts["LastTriggerUSec"]?.number {
                page.add(
                    "node_systemd_timer_last_trigger_seconds", .gauge, "When a timer went off last.",
                    Double(last) / 1e6, [("name", unit.name)])
            }
        }
        if unit.kind == "socket" { try addSocket(unit, bus, &page) }
    }

    private func addSocket(_ unit: Unit, _ bus: SystemBus, _ page: inout MetricPage) throws(CollectorError) {
        let facts = try properties(of: unit.path, "\(Self.manager).Socket", bus)
        let labels = [("name", unit.name)]
        if let count = facts["NAccepted"]?.number {
            page.add(
                "node_systemd_socket_accepted_connections_total", .counter, "Connections taken.", Double(count), labels)
        }
        if let count = facts["NConnections"]?.number {
            page.add("node_systemd_socket_current_connections", .gauge, "Connections now.", Double(count), labels)
        }
        if let count = facts["NRefused"]?.number {
            page.add(
                "node_systemd_socket_refused_connections_total", .gauge, "Connections refused.", Double(count), labels)
        }
    }

    /// - Parameter ifNew: nothing is asked where the type of this unit is known.
    private func properties(
        of path: String, _ interface: String, _ bus: SystemBus, ifNew name: String? = nil
    ) throws(CollectorError) -> [String: BusValue] {
        if let name, types[name] != nil { return [:] }
        let answer = try bus.call(
            Self.manager, path, "org.freedesktop.DBus.Properties", "GetAll", [interface])
        var facts: [String: BusValue] = [:]
        for entry in answer.first?.items ?? [] where entry.items.count == 2 {
            facts[entry.items[0].text] = entry.items[1]
        }
        return facts
    }
}

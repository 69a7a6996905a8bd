/// Batteries and mains.
final class PowersupplyclassCollector: Collector {
    static let definition = CollectorDefinition(
        "powersupplyclass",
        settings: [
            CollectorSetting("ignored-supplies", "no supplies that this expression finds something in", standard: "^$")
        ]
    ) { host, settings throws(CollectorError) in
        PowersupplyclassCollector(host, supplies: try NameFilter(exclude: settings.text("ignored-supplies")))
    }

    /// Attributes that are shown as they are; where a name differs, the attribute comes first.
    private static let plain = [
        ("authentic", "authentic"), ("calibrate", "calibrate"), ("capacity", "capacity"),
        ("capacity_alert_max", "capacity_alert_max"), ("capacity_alert_min", "capacity_alert_min"),
        ("cycle_count", "cyclecount"), ("online", "online"), ("present", "present"),
        ("time_to_empty_now", "time_to_empty_seconds"), ("time_to_full_now", "time_to_full_seconds"),
    ]
    /// In millionths of the unit.
    private static let millionths = [
        ("current_boot", "current_boot"), ("current_max", "current_max"), ("current_now", "current_ampere"),
        ("energy_empty", "energy_empty"), ("energy_empty_design", "energy_empty_design"),
        ("energy_full", "energy_full"), ("energy_full_design", "energy_full_design"),
        ("energy_now", "energy_watthour"), ("voltage_boot", "voltage_boot"), ("voltage_max", "voltage_max"),
        ("voltage_max_design", "voltage_max_design"), ("voltage_min", "voltage_min"),
        ("voltage_min_design", "voltage_min_design"), ("voltage_now", "voltage_volt"), ("voltage_ocv", "voltage_ocv"),
        ("charge_control_limit", "charge_control_limit"), ("charge_control_limit_max", "charge_control_limit_max"),
        ("charge_counter", "charge_counter"), ("charge_empty", "charge_empty"),
        ("charge_empty_design", "charge_empty_design"), ("charge_full", "charge_full"),
        ("charge_full_design", "charge_full_design"), ("charge_now", "charge_ampere"),
        ("charge_term_current", "charge_term_current"), ("constant_charge_current", "constant_charge_current"),
        ("constant_charge_current_max", "constant_charge_current_max"),
        ("constant_charge_voltage", "constant_charge_voltage"),
        ("constant_charge_voltage_max", "constant_charge_voltage_max"),
        ("input_current_limit", "input_current_limit"), ("input_voltage_limit", "input_voltage_limit"),
        ("precharge_current", "precharge_current"), ("power_now", "power_watt"),
    ]
    /// In tenths of a degree.
    private static let tenths = [
        ("temp", "temp_celsius"), ("temp_alert_max", "temp_alert_max_celsius"),
        ("temp_alert_min", "temp_alert_min_celsius"), ("temp_ambient", "temp_ambient_celsius"),
        ("temp_ambient_max", "temp_ambient_max_celsius"), ("temp_ambient_min", "temp_ambient_min_celsius"),
        ("temp_max", "temp_max_celsius"), ("temp_min", "temp_min_celsius"),
    ]
    private static let words = [
        "capacity_level", "charge_type", "health", "manufacturer", "model_name", "serial_number", "status",
        "technology", "type", "usb_type", "scope",
    ]

    private let host: HostFiles
    private let supplies: NameFilter

    init(_ host: HostFiles, supplies: NameFilter) {
        self.host = host
        self.supplies = supplies
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/power_supply")
        let names = host.list(folder)
        guard !names.isEmpty else { throw .noData("there are no batteries") }
        for name in names where supplies.takes(name) {
            let path = "\(folder)/\(name)"
            add(Self.plain, 1, path, name, &page)
            add(Self.millionths, 1e-6, path, name, &page)
            add(Self.tenths, 0.1, path, name, &page)
            let labels: [MetricPage.Label] = Self.words.compactMap { word in
                guard let text = host.attribute("\(path)/\(word)"), !text.isEmpty else { return nil }
                return (word, text)
            }
            page.add(
                "node_power_supply_info", .gauge, "What is known of a power supply.", 1,
                [("power_supply", name)] + labels)
        }
    }

    private func add(
        _ attributes: [(String, String)], _ factor: Double, _ path: String, _ name: String, _ page: inout MetricPage
    ) {
        for (attribute, metric) in attributes {
            guard let value = host.number("\(path)/\(attribute)") else { continue }
            let family = page.family(
                "node_power_supply_\(metric)", .gauge, "The attribute \(attribute) of a power supply.")
            page.add(family, value * factor, "power_supply", name)
        }
    }
}

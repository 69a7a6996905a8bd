import Encoding
import Posix

/// Sensors of the hardware: temperatures, fans, voltages, currents, power.
final class HwmonCollector: Collector {
    static let definition = CollectorDefinition(
        "hwmon",
        settings: [
            CollectorSetting("chip-include", "only chips that this expression finds something in"),
            CollectorSetting("chip-exclude", "no chips that this expression finds something in"),
            CollectorSetting("sensor-include", "only sensors (chip;sensor) that this expression finds something in"),
            CollectorSetting("sensor-exclude", "no sensors (chip;sensor) that this expression finds something in"),
        ]
    ) { host, settings throws(CollectorError) in
        HwmonCollector(host, chips: try settings.filter("chip"), sensors: try settings.filter("sensor"))
    }

    private let host: HostFiles
    private let chips: NameFilter
    private let sensors: NameFilter

    init(_ host: HostFiles, chips: NameFilter, sensors: NameFilter) {
        self.host = host
        self.chips = chips
        self.sensors = sensors
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/hwmon")
        let paths = host.list(folder).map { "\(folder)/\($0)" }.filter { host.isDirectory($0) }
        guard !paths.isEmpty else { throw .noData("there are no sensors") }
        let names = paths.map { name(of: $0) }
        for (path, name) in zip(paths, names) {
            let title = host.attribute("\(path)/name").map(SensorFile.metricName)
            // A device with several chips tells them apart by what they call themselves.
            let isShared = names.filter { $0 == name }.count > 1
            let chip = isShared ? "\(name)_\(title ?? FilePath.name(of: path))" : name
            guard chips.takes(chip) else { continue }
            add(path, chip, title, &page)
        }
    }

    /// A name that stays when the order of loading changes: of the device, else of the chip, else of the folder.
    private func name(of path: String) -> String {
        if let device = SymbolicLink.resolved("\(path)/device"), host.exists("\(path)/device") {
            let name = SensorFile.metricName(FilePath.name(of: device))
            let bus = SensorFile.metricName(FilePath.name(of: FilePath.parent(of: device)))
            if !name.isEmpty { return bus.isEmpty ? name : "\(bus)_\(name)" }
        }
        if let title = host.attribute("\(path)/name").map(SensorFile.metricName), !title.isEmpty { return title }
        return FilePath.name(of: path)
    }

    private func add(_ path: String, _ chip: String, _ title: String?, _ page: inout MetricPage) {
        if let title, !title.isEmpty {
            let names = page.family("node_hwmon_chip_names", .gauge, "What each chip calls itself.")
            page.add(names, 1, "chip", chip, "chip_name", title)
        }
        var values: [String: [String: String]] = [:]
        // Old drivers put their files beside the device.
        for folder in [path, "\(path)/device"] {
            for file in host.list(folder) {
                guard let parsed = SensorFile(file), let text = host.attribute("\(folder)/\(file)") else { continue }
                values[parsed.sensor, default: [:]][parsed.property] = text
            }
        }
        for (sensor, properties) in values.sorted(by: { $0.key < $1.key }) where sensors.takes("\(chip);\(sensor)") {
            if let label = properties["label"], !label.isEmpty {
                page.add(
                    "node_hwmon_sensor_label", .gauge, "What each sensor is called.", 1,
                    [("chip", chip), ("sensor", sensor), ("label", label)])
            }
            for (property, text) in properties.sorted(by: { $0.key < $1.key }) where property != "label" {
                guard let value = FloatReading.float(text) else { continue }
                let reading = SensorReading(
                    type: SensorFile.type(of: sensor), property: property, hasPlainValue: properties[""] != nil)
                // A frequency belongs to what its label names: the memory's clock, the core's.
                let named = reading.isFrequency ? properties["label"].map(SensorFile.metricName) : nil
                page.add(
                    page.family(reading.metric, reading.kind, reading.help), value * reading.factor, "chip", chip,
                    "sensor", named ?? sensor)
            }
        }
    }
}

/// A file such as `temp1_crit`, taken apart.
struct SensorFile {
    let sensor: String
    let property: String

    private static let types: Set<String> = [
        "vrm", "beep_enable", "update_interval", "in", "cpu", "fan", "pwm", "temp", "curr", "power", "energy",
        "humidity", "intrusion", "freq",
    ]

    /// Nil for files that are no sensors.
    init?(_ file: String) {
        let stem = file.prefix { !$0.isNumber }
        let rest = file.dropFirst(stem.count)
        let number = rest.prefix { $0.isNumber }
        let after = rest.dropFirst(number.count)
        guard Self.types.contains(String(stem)), after.isEmpty || after.first == "_" else { return nil }
        sensor = "\(stem)\(number)"
        property = String(after.dropFirst())
    }

    static func type(of sensor: String) -> String {
        String(sensor.prefix { !$0.isNumber })
    }

    /// Small letters, and an underscore for everything that no metric's name may hold.
    static func metricName(_ text: String) -> String {
        var name: [UInt8] = text.utf8.map { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 32
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: ":"): byte
            default: UInt8(ascii: "_")
            }
        }
        while name.last == UInt8(ascii: "_") { name.removeLast() }
        while name.first == UInt8(ascii: "_") { name.removeFirst() }
        return String(decoding: name, as: UTF8.self)
    }
}

/// How a value of a sensor is shown: in base units, under a name that says which.
struct SensorReading {
    private(set) var metric: String
    private(set) var help: String
    private(set) var factor = 1.0
    private(set) var kind = MetricPage.Kind.gauge
    private(set) var isFrequency = false

    init(type: String, property: String, hasPlainValue: Bool) {
        switch type {
        case "beep_enable": self.init("node_hwmon_beep_enabled", "1 if the chip may beep.")
        case "vrm": self.init("node_hwmon_voltage_regulator_version", "Version of the voltage regulator.")
        case "update_interval":
            self.init("node_hwmon_update_interval_seconds", "Seconds between two readings of the chip.")
            factor = 0.001
        default:
            let element = Self.element(property, hasPlainValue: hasPlainValue)
            self.init(
                "node_hwmon_\(type)\(element)", "Sensor of kind \(type): \(property.isEmpty ? "value" : property).")
            guard !["alarm", "fault", "beep"].contains(property) else { return }
            scale(type, property)
        }
    }

    private init(_ metric: String, _ help: String) {
        self.metric = metric
        self.help = help
    }

    /// What follows the kind in the name: the value itself has nothing, unless there is a plain value beside it.
    private static func element(_ property: String, hasPlainValue: Bool) -> String {
        switch property {
        case "": ""
        case "input": hasPlainValue ? "_input" : ""
        case "beep": "_beep_enabled"
        default: "_" + SensorFile.metricName(property)
        }
    }

    private mutating func scale(_ type: String, _ property: String) {
        switch type {
        case "in", "cpu": unit("_volts", 0.001)
        case "temp" where property != "type": unit("_celsius", 0.001)
        case "curr": unit("_amps", 0.001)
        case "energy":
            unit("_joule_total", 1e-6)
            kind = .counter
        case "power" where property == "accuracy": unit("", 1e-6)
        case "power" where property.hasPrefix("average_interval"): unit("_seconds", 0.001)
        case "power": unit("_watt", 1e-6)
        case "humidity": unit("", 1e-5)
        case "fan" where ["input", "min", "max", "target"].contains(property): unit("_rpm", 1)
        case "freq" where property == "input":
            unit("_freq_mhz", 1e-6)
            isFrequency = true
        default: break
        }
    }

    private mutating func unit(_ suffix: String, _ factor: Double) {
        metric += suffix
        self.factor = factor
    }
}

package import Encoding
import Model

/// `host`: which collectors run and how.
package struct HostOptions: Sendable {
    package var procfs = "/proc"
    package var sysfs = "/sys"
    package var rootfs = "/"
    package var udevData = "/run/udev/data"
    /// How long a collector may take before the page goes on without it.
    package var timeoutMs: Int64 = HostMetrics.Limits.patienceNs / 1_000_000
    /// Whether collectors run that are on by default.
    package var hasDefaults = true
    /// What was switched on or off by name.
    package var isOn: [String: Bool] = [:]
    /// What was set, by collector and name of the setting.
    package var settings: [String: [String: String]] = [:]

    package init() {}

    package init(_ section: YAMLSection) {
        if let path = section.string("procfs") { procfs = path }
        if let path = section.string("sysfs") { sysfs = path }
        if let path = section.string("rootfs") { rootfs = path }
        if let path = section.string("udev_data") { udevData = path }
        if let ms = section.durationMs("timeout"), ms > 0 { timeoutMs = ms }
        hasDefaults = section.bool("defaults") ?? true
        if let collectors = section.section("collectors") { read(collectors) }
        section.finish()
    }

    /// Each collector is `true`, `false` or a mapping of what is set about it, which switches it on.
    private mutating func read(_ section: YAMLSection) {
        for definition in Collectors.all {
            guard let node = section.value(definition.name) else { continue }
            guard node.isMapping, let own = section.reader.section(node, "the collector \(definition.name)") else {
                isOn[definition.name] = section.bool(definition.name)
                continue
            }
            isOn[definition.name] = own.bool("enabled") ?? true
            for setting in definition.settings {
                guard let value = own.value(setting.name) else { continue }
                if case .sequence = value.content {
                    settings[definition.name, default: [:]][setting.name] =
                        (own.strings(setting.name) ?? []).joined(separator: ",")
                } else if let text = own.string(setting.name) {
                    settings[definition.name, default: [:]][setting.name] = text
                }
            }
            own.finish()
            do {
                _ = try definition.make(
                    HostFiles(), CollectorSettings(definition.settings, settings[definition.name] ?? [:]))
            } catch {
                section.refuse(at: definition.name, "the collector \(definition.name) cannot be made: \(error)")
            }
        }
        section.finish()
    }

    /// Whether a collector runs.
    func runs(_ definition: CollectorDefinition) -> Bool {
        isOn[definition.name] ?? (hasDefaults && definition.isDefault)
    }
}

extension HostMetrics {
    /// The collectors of these options.
    package convenience init(_ options: HostOptions, failure: @escaping Failure) throws(CollectorError) {
        var isOn: [String: Bool] = [:]
        for definition in Collectors.all { isOn[definition.name] = options.runs(definition) }
        try self.init(
            HostFiles(options),
            isOn: isOn, settings: options.settings, patienceNs: options.timeoutMs * 1_000_000, failure: failure)
    }
}

extension HostFiles {
    /// The folders of these options.
    package init(_ options: HostOptions) {
        self.init(
            procfs: options.procfs, sysfs: options.sysfs, rootfs: options.rootfs, udevData: options.udevData)
    }
}

import Text

/// Seconds of each CPU by mode, throttling, and on request what /proc/cpuinfo tells of each core.
final class CpuCollector: Collector {
    static let definition = CollectorDefinition(
        "cpu",
        settings: [
            CollectorSetting("guest", "show the seconds spent in guests", standard: "true"),
            CollectorSetting("info", "show what /proc/cpuinfo says of each core", standard: "false"),
            CollectorSetting("info.flags-include", "flags of the first core to show, as an expression"),
            CollectorSetting("info.bugs-include", "bugs of the first core to show, as an expression"),
        ]
    ) { host, settings throws(CollectorError) in try CpuCollector(host, settings) }

    private static let modes = ["user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal"]
    private static let idle = 3
    private static let guestUser = 8
    private static let guestNice = 9
    /// A CPU whose idle time went back by more seconds than this was replaced or reset.
    private static let resetSeconds = 3.0

    private let host: HostFiles
    private let showsGuest: Bool
    private let showsInfo: Bool
    private let flags: RegularExpression?
    private let bugs: RegularExpression?
    private var text = FieldText()
    /// The largest seconds seen by CPU and mode: the kernel lets some of them go back a little.
    private var seen: [String: [Double]] = [:]

    init(_ host: HostFiles, _ settings: CollectorSettings) throws(CollectorError) {
        self.host = host
        showsGuest = settings.isOn("guest")
        flags = try NameFilter.expression(settings.text("info.flags-include"))
        bugs = try NameFilter.expression(settings.text("info.bugs-include"))
        showsInfo = settings.isOn("info") || flags != nil || bugs != nil
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        if showsInfo { try addInfo(&page) }
        try addSeconds(&page)
        addThrottles(&page)
        addIsolated(&page)
    }

    private func addSeconds(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("stat"), into: &text)
        let seconds = page.family("node_cpu_seconds_total", .counter, "Seconds that each CPU spent in each mode.")
        let guest = page.family(
            "node_cpu_guest_seconds_total", .counter,
            "Seconds that each CPU spent running guests, which are in user too.")
        while text.nextLine() {
            guard text.hasPrefix(0, "cpu"), !text.isEqual(0, "cpu") else { continue }
            let cpu = String(text.string(0).dropFirst(3))
            let values = advance(cpu)
            for (mode, name) in Self.modes.enumerated() { page.add(seconds, values[mode], "cpu", cpu, "mode", name) }
            if showsGuest {
                page.add(guest, values[Self.guestUser], "cpu", cpu, "mode", "user")
                page.add(guest, values[Self.guestNice], "cpu", cpu, "mode", "nice")
            }
        }
    }

    /// The seconds of the current line, none less than before unless the CPU was reset.
    private func advance(_ cpu: String) -> [Double] {
        var values = (1...10).map { (text.number($0) ?? 0) / Clock.ticksPerSecond }
        if let before = seen[cpu], before[Self.idle] - values[Self.idle] < Self.resetSeconds {
            for index in values.indices { values[index] = max(values[index], before[index]) }
        }
        seen[cpu] = values
        return values
    }

    private func addThrottles(_ page: inout MetricPage) {
        let folder = host.sys("devices/system/cpu")
        let cores = page.family("node_cpu_core_throttles_total", .counter, "How often a core was throttled.")
        let packages = page.family("node_cpu_package_throttles_total", .counter, "How often a package was throttled.")
        var seenCores: Set<String> = []
        var seenPackages: Set<String> = []
        for cpu in host.list(folder) where CPUNames.isCPU(cpu) {
            guard let package = host.attribute("\(folder)/\(cpu)/topology/physical_package_id"),
                let core = host.attribute("\(folder)/\(cpu)/topology/core_id")
            else { continue }
            if let count = host.number("\(folder)/\(cpu)/thermal_throttle/core_throttle_count"),
                seenCores.insert("\(package) \(core)").inserted
            {
                page.add(cores, count, "core", core, "package", package)
            }
            if let count = host.number("\(folder)/\(cpu)/thermal_throttle/package_throttle_count"),
                seenPackages.insert(package).inserted
            {
                page.add(packages, count, "package", package)
            }
        }
    }

    private func addIsolated(_ page: inout MetricPage) {
        guard let list = host.attribute(host.sys("devices/system/cpu/isolated")), !list.isEmpty else { return }
        let isolated = page.family("node_cpu_isolated", .gauge, "1 for each CPU that the scheduler leaves alone.")
        for cpu in CPUNames.range(list) { page.add(isolated, 1, "cpu", String(cpu)) }
    }
}

// What /proc/cpuinfo says.
extension CpuCollector {
    private func addInfo(_ page: inout MetricPage) throws(CollectorError) {
        try host.read(host.proc("cpuinfo"), into: &text)
        let info = page.family("node_cpu_info", .gauge, "What /proc/cpuinfo says of each CPU.")
        let frequency = page.family("node_cpu_frequency_hertz", .gauge, "Frequency of each CPU as /proc/cpuinfo says.")
        var core: [String: String] = [:]
        var isFirst = true
        while true {
            let more = text.nextLine()
            if more, text.count > 0 {
                let line = text.lineText
                guard let colon = line.firstIndex(of: ":") else { continue }
                core[Self.trimmed(line[..<colon])] = Self.trimmed(line[line.index(after: colon)...])
                continue
            }
            if let cpu = core["processor"] {
                let place = [("package", core["physical id"] ?? ""), ("core", core["core id"] ?? ""), ("cpu", cpu)]
                page.add(info, 1, place + Self.described(core))
                if let megahertz = core["cpu MHz"].flatMap(Double.init) { page.add(frequency, megahertz * 1e6, place) }
                if isFirst {
                    addWords(core["flags"], flags, "flag", &page)
                    addWords(core["bugs"], bugs, "bug", &page)
                }
                isFirst = false
            }
            core.removeAll(keepingCapacity: true)
            if !more { return }
        }
    }

    private static func described(_ core: [String: String]) -> [MetricPage.Label] {
        [
            ("vendor", core["vendor_id"] ?? ""), ("family", core["cpu family"] ?? ""), ("model", core["model"] ?? ""),
            ("model_name", core["model name"] ?? ""), ("microcode", core["microcode"] ?? ""),
            ("stepping", core["stepping"] ?? ""), ("cachesize", core["cache size"] ?? ""),
        ]
    }

    private func addWords(
        _ words: String?, _ wanted: RegularExpression?, _ label: String, _ page: inout MetricPage
    ) {
        guard let words, let wanted else { return }
        let family = page.family("node_cpu_\(label)_info", .gauge, "The \(label)s of the first CPU in /proc/cpuinfo.")
        for word in words.split(separator: " ") {
            let word = String(word)
            if wanted.matches(Array(word.utf8).span) { page.add(family, 1, label, word) }
        }
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}

/// Frequencies of the CPUs and what governs them.
final class CpufreqCollector: Collector {
    static let definition = CollectorDefinition("cpufreq") { host, _ in CpufreqCollector(host) }

    private let host: HostFiles
    /// The attribute in kilohertz, its metric and what it says.
    private static let frequencies = [
        ("cpuinfo_cur_freq", "node_cpu_frequency_hertz", "Frequency that the CPU runs at."),
        ("cpuinfo_min_freq", "node_cpu_frequency_min_hertz", "Lowest frequency of the CPU."),
        ("cpuinfo_max_freq", "node_cpu_frequency_max_hertz", "Highest frequency of the CPU."),
        ("scaling_cur_freq", "node_cpu_scaling_frequency_hertz", "Frequency that the governor has set."),
        ("scaling_min_freq", "node_cpu_scaling_frequency_min_hertz", "Lowest frequency that the governor may set."),
        ("scaling_max_freq", "node_cpu_scaling_frequency_max_hertz", "Highest frequency that the governor may set."),
    ]

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("devices/system/cpu")
        let governors = page.family("node_cpu_scaling_governor", .gauge, "1 for the governor that is in force.")
        for name in host.list(folder) where CPUNames.isCPU(name) && host.isDirectory("\(folder)/\(name)/cpufreq") {
            let cpu = String(name.dropFirst(3))
            for (attribute, metric, help) in Self.frequencies {
                guard let kilohertz = host.number("\(folder)/\(name)/cpufreq/\(attribute)") else { continue }
                page.add(page.family(metric, .gauge, help), kilohertz * 1_000, "cpu", cpu)
            }
            guard let current = host.attribute("\(folder)/\(name)/cpufreq/scaling_governor") else { continue }
            let available = host.attribute("\(folder)/\(name)/cpufreq/scaling_available_governors") ?? ""
            for governor in available.split(separator: " ") {
                page.add(governors, governor == current ? 1 : 0, "cpu", cpu, "governor", String(governor))
            }
        }
    }
}

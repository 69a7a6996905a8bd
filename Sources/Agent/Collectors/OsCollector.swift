import Encoding

/// Which operating system this is.
final class OsCollector: Collector {
    static let definition = CollectorDefinition("os") { host, _ in OsCollector(host) }

    private static let keys = [
        "build_id", "id", "id_like", "image_id", "image_version", "name", "pretty_name", "variant", "variant_id",
        "version", "version_codename", "version_id",
    ]

    private let host: HostFiles
    private var text = FieldText()

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        guard
            host.reads(host.root("/etc/os-release"), into: &text)
                || host.reads(host.root("/usr/lib/os-release"), into: &text)
        else { throw .noData("neither /etc/os-release nor /usr/lib/os-release is there") }
        var values: [String: String] = [:]
        while text.nextLine() {
            let line = text.lineText
            guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
            values[line[..<equals].lowercased()] = Self.unquoted(line[line.index(after: equals)...])
        }
        page.add(
            "node_os_info", .gauge, "Which operating system this is.", 1, Self.keys.map { ($0, values[$0] ?? "") })
        if let version = Self.majorAndMinor(values["version_id"] ?? "") {
            page.add(
                "node_os_version", .gauge, "The version of the operating system, as far as it is one number.", version,
                [("id", values["id"] ?? ""), ("id_like", values["id_like"] ?? ""), ("name", values["name"] ?? "")])
        }
        if let day = values["support_end"], let ms = RFC3339.ms(day + "T00:00:00Z") {
            page.add(
                "node_os_support_end_timestamp_seconds", .gauge, "When support of the operating system ends.",
                Double(ms) / 1_000)
        }
    }

    /// As a shell would read the value: in one pair of quotes or none.
    private static func unquoted(_ value: Substring) -> String {
        for quote in ["\"", "'"] where value.count >= 2 && value.hasPrefix(quote) && value.hasSuffix(quote) {
            return String(value.dropFirst().dropLast())
        }
        return String(value)
    }

    /// `20.04.2` is 20.04.
    private static func majorAndMinor(_ version: String) -> Double? {
        let parts = version.split(separator: ".").prefix(2)
        return parts.isEmpty ? nil : Double(parts.joined(separator: "."))
    }
}

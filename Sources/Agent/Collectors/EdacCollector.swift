/// Errors of memory that its controllers have counted.
final class EdacCollector: Collector {
    static let definition = CollectorDefinition("edac") { host, _ in EdacCollector(host) }

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("devices/system/edac/mc")
        for name in host.list(folder) where name.hasPrefix("mc") && Int(name.dropFirst(2)) != nil {
            let controller = [("controller", String(name.dropFirst(2)))]
            let path = "\(folder)/\(name)"
            add(
                path, "ce_count", "node_edac_correctable_errors_total", "Memory errors that were corrected.",
                controller, &page)
            add(
                path, "ue_count", "node_edac_uncorrectable_errors_total", "Memory errors that could not be corrected.",
                controller, &page)
            addRow(path, "ce_noinfo_count", "ue_noinfo_count", controller + [("csrow", "unknown")], &page)
            for row in host.list(path) where row.hasPrefix("csrow") && Int(row.dropFirst(5)) != nil {
                let labels = controller + [("csrow", String(row.dropFirst(5)))]
                addRow("\(path)/\(row)", "ce_count", "ue_count", labels, &page)
                addChannels("\(path)/\(row)", labels, &page)
            }
        }
    }

    private func addRow(
        _ path: String, _ corrected: String, _ uncorrected: String, _ labels: [MetricPage.Label],
        _ page: inout MetricPage
    ) {
        add(
            path, corrected, "node_edac_csrow_correctable_errors_total", "Memory errors of a row that were corrected.",
            labels, &page)
        add(
            path, uncorrected, "node_edac_csrow_uncorrectable_errors_total",
            "Memory errors of a row that could not be corrected.", labels, &page)
    }

    private func addChannels(_ path: String, _ labels: [MetricPage.Label], _ page: inout MetricPage) {
        for file in host.list(path) where file.hasPrefix("ch") && file.hasSuffix("_ce_count") {
            let channel = String(file.dropFirst(2).dropLast("_ce_count".count))
            guard Int(channel) != nil else { continue }
            let name = Self.dimmName(host.attribute("\(path)/ch\(channel)_dimm_label") ?? "")
            let place = labels + [("channel", channel), ("dimm_label", name)]
            add(
                path, file, "node_edac_channel_correctable_errors_total",
                "Memory errors of a channel that were corrected.",
                place, &page)
            add(
                path, "ch\(channel)_ue_count", "node_edac_channel_uncorrectable_errors_total",
                "Memory errors of a channel that could not be corrected.", place, &page)
        }
    }

    /// `mc#0csrow#0channel#0`, as the kernel names a module that nobody has named, is `mc0_csrow0_channel0`.
    private static func dimmName(_ label: String) -> String {
        guard label.hasPrefix("mc") else { return label }
        let digits = label.filter { $0 != "#" }
        return ["csrow", "channel"].reduce(digits) { name, word in
            guard let place = Self.place(of: word, in: name), !name[..<place].hasSuffix("_") else { return name }
            return "\(name[..<place])_\(name[place...])"
        }
    }

    private static func place(of word: String, in text: String) -> String.Index? {
        text.indices.first { text[$0...].hasPrefix(word) }
    }

    private func add(
        _ path: String, _ file: String, _ metric: String, _ help: String, _ labels: [MetricPage.Label],
        _ page: inout MetricPage
    ) {
        guard let count = host.number("\(path)/\(file)") else { return }
        page.add(metric, .counter, help, count, labels)
    }
}

/// Fibre Channel host adapters.
final class FibrechannelCollector: Collector {
    static let definition = CollectorDefinition("fibrechannel") { host, _ in FibrechannelCollector(host) }

    private static let words = [
        "speed", "port_state", "port_type", "port_id", "port_name", "fabric_name", "symbolic_name",
        "supported_classes", "supported_speeds", "dev_loss_tmo",
    ]
    /// The file and its metric without the suffix.
    private static let counters = [
        ("dumped_frames", "dumped_frames"), ("error_frames", "error_frames"), ("invalid_crc_count", "invalid_crc"),
        ("rx_frames", "rx_frames"), ("rx_words", "rx_words"), ("tx_frames", "tx_frames"), ("tx_words", "tx_words"),
        ("seconds_since_last_reset", "seconds_since_last_reset"), ("invalid_tx_word_count", "invalid_tx_words"),
        ("link_failure_count", "link_failure"), ("loss_of_sync_count", "loss_of_sync"),
        ("loss_of_signal_count", "loss_of_signal"), ("nos_count", "nos"), ("fcp_packet_aborts", "fcp_packet_aborts"),
    ]

    private let host: HostFiles

    init(_ host: HostFiles) {
        self.host = host
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        let folder = host.sys("class/fc_host")
        let names = host.list(folder)
        guard !names.isEmpty else { throw .noData("there is no Fibre Channel") }
        for name in names {
            let path = "\(folder)/\(name)"
            let labels: [MetricPage.Label] = Self.words.map { word in
                let text = host.attribute("\(path)/\(word)") ?? ""
                return (word, text.hasPrefix("0x") ? String(text.dropFirst(2)) : text)
            }
            page.add("node_fibrechannel_info", .gauge, "What is known of an adapter.", 1, [("fc_host", name)] + labels)
            for (file, metric) in Self.counters {
                // All bits set says that the adapter does not count this.
                guard let text = host.attribute("\(path)/statistics/\(file)"), text.hasPrefix("0x"),
                    let count = UInt64(text.dropFirst(2), radix: 16), count != .max
                else { continue }
                let family = page.family(
                    "node_fibrechannel_\(metric)_total", .counter, "The statistic \(file) of an adapter.")
                page.add(family, Double(count), "fc_host", name)
            }
        }
    }
}

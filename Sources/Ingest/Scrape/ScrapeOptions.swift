package import Encoding
package import HTTP
package import Model

/// One entry of `scrape_configs`: how the targets of a job are found and scraped.
package struct ScrapeOptions: Sendable {
    package let job: String
    /// Where the entry stands.
    package let position: ConfigurationPosition
    package let intervalMs: Int64
    package let timeoutMs: Int64
    /// `http` or `https`.
    package let scheme: String
    package let path: String
    /// Query parameters, each with its values.
    package let parameters: [(name: String, values: [String])]
    /// Labels of the target give way to those that the target exposes.
    package let honorsLabels: Bool
    package let honorsTimestamps: Bool
    /// Series with timestamps of their own get stale marks as well.
    package let tracksTimestampStaleness: Bool
    package let asksForCompression: Bool
    /// The most wanted first.
    package let protocols: [ScrapeProtocol]
    /// What an answer without a usable Content-Type is read as; nil: such a scrape fails.
    package let fallbackProtocol: ScrapeProtocol?
    package let limits: ScrapeLimits
    /// Buckets are merged to stay below; zero is no limit.
    package let nativeHistogramBuckets: Int
    package let nativeHistogramMinBucketFactor: Double
    package let nativeHistograms: Bool
    package let convertsClassicHistograms: Bool
    package let alwaysScrapesClassicHistograms: Bool
    package let extraMetrics: Bool
    package let failureLogFile: String?
    package let validation: NameValidation
    package let escaping: NameEscaping
    package let client: HTTPClientOptions
    package let discoveries: [DiscoveryOptions]
    package let targetRules: [RelabelRule]
    package let metricRules: [RelabelRule]

    package init(_ section: YAMLSection, defaults: ScrapeDefaults) {
        job = section.string("job_name") ?? ""
        position = section.reader.position(of: section.node)
        (intervalMs, timeoutMs) = Self.times(section, job, defaults)
        scheme = section.choice("scheme", ["http", "https"]) ?? "http"
        path = section.string("metrics_path") ?? "/metrics"
        parameters = Self.parameters(section)
        honorsLabels = section.bool("honor_labels") ?? false
        honorsTimestamps = section.bool("honor_timestamps") ?? true
        tracksTimestampStaleness = section.bool("track_timestamps_staleness") ?? false
        asksForCompression = section.bool("enable_compression") ?? true
        limits = ScrapeLimits(section, defaults: defaults.limits)
        nativeHistogramBuckets = section.int("native_histogram_bucket_limit", in: 0...Int.max) ?? 0
        nativeHistogramMinBucketFactor = section.float("native_histogram_min_bucket_factor") ?? 0
        nativeHistograms = section.bool("scrape_native_histograms") ?? defaults.nativeHistograms
        convertsClassicHistograms =
            section.bool("convert_classic_histograms_to_nhcb") ?? defaults.convertsClassicHistograms
        alwaysScrapesClassicHistograms =
            section.bool("always_scrape_classic_histograms") ?? defaults.alwaysScrapesClassicHistograms
        extraMetrics = section.bool("extra_scrape_metrics") ?? defaults.extraMetrics
        failureLogFile = section.string("scrape_failure_log_file").map(section.reader.joined) ?? defaults.failureLogFile
        protocols =
            section.scrapeProtocols("scrape_protocols") ?? defaults.protocols
            ?? (nativeHistograms ? ScrapeProtocol.withNativeHistograms : ScrapeProtocol.usual)
        fallbackProtocol = Self.fallback(section, job)
        (validation, escaping) = Self.names(section, defaults)
        client = HTTPClientOptions(inlineIn: section)
        discoveries = DiscoveryOptions.read(section)
        targetRules = section.relabelRules("relabel_configs", validation: validation)
        metricRules = section.relabelRules("metric_relabel_configs", validation: validation)
        if job.isEmpty { section.refuse(at: "job_name", "job_name is empty", "give the job a name") }
        if targetRules.isEmpty { DiscoveryOptions.refuseURLs(section) }
        section.finish()
    }

    private static func times(
        _ section: YAMLSection, _ job: String, _ defaults: ScrapeDefaults
    ) -> (intervalMs: Int64, timeoutMs: Int64) {
        let own = section.durationMs("scrape_interval") ?? 0
        let interval = own == 0 ? defaults.intervalMs : own
        let timeout = section.durationMs("scrape_timeout") ?? 0
        if timeout > interval {
            section.refuse(
                at: "scrape_timeout",
                "scrape timeout greater than scrape interval for scrape config with job name \(Quoted.text(job))",
                "raise scrape_interval or lower scrape_timeout")
        }
        return (interval, timeout == 0 ? min(defaults.timeoutMs, interval) : timeout)
    }

    private static func parameters(_ section: YAMLSection) -> [(name: String, values: [String])] {
        (section.pairs("params") ?? []).map { ($0.key, section.reader.strings($0.value, $0.key) ?? []) }
    }

    private static func fallback(_ section: YAMLSection, _ job: String) -> ScrapeProtocol? {
        guard let name = section.string("fallback_scrape_protocol"), !name.isEmpty else { return nil }
        return section.scrapeProtocol(name, section.place(of: "fallback_scrape_protocol"))
    }

    /// A job that sets only its validation does not take over an escaping that contradicts it.
    private static func names(
        _ section: YAMLSection, _ defaults: ScrapeDefaults
    ) -> (NameValidation, NameEscaping) {
        let own = section.nameValidation("metric_name_validation_scheme")
        let validation = own ?? defaults.validation
        let inherited = own == nil ? defaults.escaping : nil
        let escaping =
            section.nameEscaping("metric_name_escaping_scheme") ?? inherited ?? NameEscaping.standard(for: validation)
        if escaping == .allowUTF8, validation == .legacy {
            section.refuse(
                at: "metric_name_escaping_scheme",
                "utf8 metric names requested but validation scheme is not set to UTF8",
                "use underscores, dots or values")
        }
        return (validation, escaping)
    }
}

/// Whether a reload changes anything of the job; where it stands in the file is no matter.
extension ScrapeOptions: Equatable {
    package static func == (a: ScrapeOptions, b: ScrapeOptions) -> Bool {
        a.job == b.job && a.intervalMs == b.intervalMs && a.timeoutMs == b.timeoutMs && a.scheme == b.scheme
            && a.path == b.path
            && a.parameters.elementsEqual(b.parameters) { $0.name == $1.name && $0.values == $1.values }
            && a.asksForCompression == b.asksForCompression && a.protocols == b.protocols
            && a.fallbackProtocol == b.fallbackProtocol && a.limits == b.limits && a.escaping == b.escaping
            && a.client == b.client && a.discoveries == b.discoveries && a.targetRules == b.targetRules
            && readsPagesAlike(a, b)
    }

    private static func readsPagesAlike(_ a: ScrapeOptions, _ b: ScrapeOptions) -> Bool {
        a.honorsLabels == b.honorsLabels && a.honorsTimestamps == b.honorsTimestamps
            && a.tracksTimestampStaleness == b.tracksTimestampStaleness && a.metricRules == b.metricRules
            && a.nativeHistograms == b.nativeHistograms && a.nativeHistogramBuckets == b.nativeHistogramBuckets
            && a.nativeHistogramMinBucketFactor == b.nativeHistogramMinBucketFactor
            && a.convertsClassicHistograms == b.convertsClassicHistograms
            && a.alwaysScrapesClassicHistograms == b.alwaysScrapesClassicHistograms
            && a.extraMetrics == b.extraMetrics && a.failureLogFile == b.failureLogFile
            && a.validation == b.validation
    }
}

extension DiscoveryOptions {
    /// Refuses a URL where `host:port` is wanted. Relabelling may make an address of it, so this is for sections
    /// without rules.
    package static func refuseURLs(_ section: YAMLSection) {
        for group in section.list("static_configs") ?? [] {
            guard case .sequence(let targets)? = group["targets"]?.content else { continue }
            for target in targets {
                guard let text = target.text, text.contains("/") else { continue }
                section.reader.refuse(target, "\(Quoted.text(text)) is not a valid hostname", "write host:port")
            }
        }
    }
}

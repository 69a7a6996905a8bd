package import Encoding
package import Model
import Text

/// The settings of `global` that each scrape configuration takes over where it has none of its own.
package struct ScrapeDefaults: Sendable {
    package var intervalMs: Int64 = 60_000
    package var timeoutMs: Int64 = 10_000
    /// Nil: by whether native histograms are scraped.
    package var protocols: [ScrapeProtocol]?
    package var limits = ScrapeLimits()
    package var nativeHistograms = false
    package var convertsClassicHistograms = false
    package var alwaysScrapesClassicHistograms = false
    package var extraMetrics = false
    package var failureLogFile: String?
    package var validation = NameValidation.utf8
    /// Nil: by the validation.
    package var escaping: NameEscaping?

    package init() {}
}

/// Bounds on what one scrape may bring. Zero is no limit.
package struct ScrapeLimits: Hashable, Sendable {
    package var bodyBytes: Int64 = 0
    package var samples = 0
    package var targets = 0
    package var labels = 0
    package var labelNameBytes = 0
    package var labelValueBytes = 0
    /// How many dropped targets of a job are remembered for the page of targets.
    package var keptDroppedTargets = 0

    package init() {}

    /// Reads the keys of a section that has other keys as well; what is absent or zero comes from `defaults`.
    init(_ section: YAMLSection, defaults: ScrapeLimits) {
        func limit(_ key: String, _ value: Int) -> Int {
            let own = section.int(key, in: 0...Int.max) ?? 0
            return own == 0 ? value : own
        }
        let body = section.bytes("body_size_limit") ?? 0
        if body < 0 { section.refuse(at: "body_size_limit", "body_size_limit is below zero") }
        bodyBytes = body == 0 ? defaults.bodyBytes : body
        samples = limit("sample_limit", defaults.samples)
        targets = limit("target_limit", defaults.targets)
        labels = limit("label_limit", defaults.labels)
        labelNameBytes = limit("label_name_length_limit", defaults.labelNameBytes)
        labelValueBytes = limit("label_value_length_limit", defaults.labelValueBytes)
        keptDroppedTargets = limit("keep_dropped_targets", defaults.keptDroppedTargets)
    }
}

/// How a target is asked to write names that are not legacy ones.
package enum NameEscaping: String, Sendable, CaseIterable {
    case allowUTF8 = "allow-utf-8"
    case underscores
    case dots
    case values

    static func standard(for validation: NameValidation) -> NameEscaping {
        validation == .legacy ? .underscores : .allowUTF8
    }
}

extension ScrapeDefaults {
    /// Reads the keys of `global`, which has other keys as well.
    package init(inlineIn section: YAMLSection) {
        self.init()
        let interval = section.durationMs("scrape_interval") ?? 0
        let timeout = section.durationMs("scrape_timeout") ?? 0
        if interval > 0 { intervalMs = interval }
        if timeout > intervalMs {
            section.refuse(
                at: "scrape_timeout", "global scrape timeout greater than scrape interval",
                "raise scrape_interval or lower scrape_timeout")
        }
        timeoutMs = timeout > 0 ? timeout : min(timeoutMs, intervalMs)
        protocols = section.scrapeProtocols("scrape_protocols")
        limits = ScrapeLimits(section, defaults: limits)
        nativeHistograms = section.bool("scrape_native_histograms") ?? false
        convertsClassicHistograms = section.bool("convert_classic_histograms_to_nhcb") ?? false
        alwaysScrapesClassicHistograms = section.bool("always_scrape_classic_histograms") ?? false
        extraMetrics = section.bool("extra_scrape_metrics") ?? false
        failureLogFile = section.string("scrape_failure_log_file").map(section.reader.joined)
        validation = section.nameValidation("metric_name_validation_scheme") ?? .utf8
        escaping = section.nameEscaping("metric_name_escaping_scheme")
    }
}

extension YAMLSection {
    func nameEscaping(_ key: String) -> NameEscaping? {
        choice(key, [""] + NameEscaping.allCases.map(\.rawValue)).flatMap(NameEscaping.init(rawValue:))
    }

    /// Nil where the key is absent.
    func scrapeProtocols(_ key: String) -> [ScrapeProtocol]? {
        guard let nodes = list(key) else { return nil }
        if nodes.isEmpty { refuse(at: key, "\(key) cannot be empty", "leave the key out for the default") }
        var protocols: [ScrapeProtocol] = []
        for node in nodes {
            guard let name = reader.string(node, "an entry of \(key)"), let found = scrapeProtocol(name, node) else {
                continue
            }
            if protocols.contains(found) { reader.refuse(node, "duplicated protocol \(name) in \(key)") }
            protocols.append(found)
        }
        return protocols
    }

    func scrapeProtocol(_ name: String, _ node: YAMLNode) -> ScrapeProtocol? {
        if let found = ScrapeProtocol(rawValue: name) { return found }
        let names = ScrapeProtocol.allCases.map(\.rawValue)
        reader.refuse(
            node, "unknown scrape protocol \(Quoted.text(name))", "supported are \(names.joined(separator: ", "))")
        return nil
    }
}

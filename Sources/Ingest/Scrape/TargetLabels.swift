import Encoding
import Model

/// What a target is called before and after relabelling.
struct TargetLabels: Hashable, Sendable {
    /// As discovery gave them, with the settings of the job as `__...` labels.
    let discovered: Labels
    /// What relabelling left, without `__meta_...`; the address, path and parameters still as `__...` labels.
    let final: Labels

    enum Verdict: Sendable {
        case kept(TargetLabels)
        case dropped(discovered: Labels)
        /// Relabelling made labels that no target can have.
        case wrong(String)
    }

    static func make(_ options: ScrapeOptions, address: String, group: [String: String]) -> Verdict {
        var builder = LabelsBuilder()
        for (name, value) in group { builder.set(name, value) }
        builder.set("__address__", address)
        for (name, value) in options.targetDefaults where builder.value(of: name).isEmpty { builder.set(name, value) }
        let discovered = builder.labels()
        guard options.targetRules.apply(to: &builder) else { return .dropped(discovered: discovered) }
        if let problem = problem(builder) { return .wrong(problem) }
        for (name, _) in builder.pairs where name.hasPrefix("__meta_") { builder.remove(name) }
        if builder.value(of: "instance").isEmpty { builder.set("instance", builder.value(of: "__address__")) }
        return .kept(TargetLabels(discovered: discovered, final: builder.labels()))
    }

    /// In Prometheus' words.
    private static func problem(_ labels: LabelsBuilder) -> String? {
        let address = labels.value(of: "__address__")
        if address.isEmpty { return "no address" }
        if address.contains("/") { return "\(Quoted.text(address)) is not a valid hostname" }
        do throws(DurationError) {
            let interval = try Durations.milliseconds(of: labels.value(of: "__scrape_interval__"))
            if interval == 0 { return "scrape interval cannot be 0" }
            let timeout = try Durations.milliseconds(of: labels.value(of: "__scrape_timeout__"))
            if timeout == 0 { return "scrape timeout cannot be 0" }
            return timeout <= interval ? nil : "scrape timeout cannot be greater than scrape interval"
        } catch {
            return "error parsing scrape interval or timeout: \(error)"
        }
    }

    /// The labels that its series get.
    var shown: Labels { Labels(final.pairs.filter { !$0.name.hasPrefix("__") }) }
}

extension ScrapeOptions {
    /// Labels that say how a target is scraped, which relabelling may change. `labels` of a target win over them.
    var targetDefaults: [(name: String, value: String)] {
        var labels = [
            ("job", job), ("__scrape_interval__", Durations.text(ofMs: intervalMs)),
            ("__scrape_timeout__", Durations.text(ofMs: timeoutMs)), ("__metrics_path__", path),
            ("__scheme__", scheme), ("__convert_classic_histograms_to_nhcb__", "\(convertsClassicHistograms)"),
            ("__always_scrape_classic_histograms__", "\(alwaysScrapesClassicHistograms)"),
            ("__scrape_native_histograms__", "\(nativeHistograms)"),
        ]
        for parameter in parameters {
            if let first = parameter.values.first { labels.append(("__param_" + parameter.name, first)) }
        }
        return labels
    }
}

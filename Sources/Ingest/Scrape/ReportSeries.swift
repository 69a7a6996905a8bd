import Encoding
import Model

/// A series about the scrapes of a target rather than from its pages.
struct ReportSeries: Sendable {
    enum Name: String, CaseIterable {
        case up
        case duration = "scrape_duration_seconds"
        case scraped = "scrape_samples_scraped"
        case kept = "scrape_samples_post_metric_relabeling"
        case added = "scrape_series_added"
        case timeout = "scrape_timeout_seconds"
        case sampleLimit = "scrape_sample_limit"
        case bodyBytes = "scrape_body_size_bytes"

        var isExtra: Bool { self == .timeout || self == .sampleLimit || self == .bodyBytes }
    }

    let name: Name
    let labels: Labels
    var reference = SampleBatch.Reference.unresolved

    static func all(_ settings: PageSettings) -> [ReportSeries] {
        Name.allCases.filter { settings.extraMetrics || !$0.isExtra }.map { name in
            ReportSeries(name: name, labels: Labels(settings.labels.pairs + [(Labels.metricName, name.rawValue)]))
        }
    }
}

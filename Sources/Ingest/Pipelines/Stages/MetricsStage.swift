package import Encoding

/// `metrics`: counts entries and what their fields say, for the page of the agent that reads them:
/// `{orders_total: {type: counter, field: order}}`.
package struct MetricsStage: LogStage {
    package static let key = "metrics"

    package let metrics: [LineMetric]

    package init(_ section: YAMLSection) {
        metrics = section.keys.compactMap { name in section.section(name).map { LineMetric(name, $0) } }
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        for metric in metrics { metric.take(entry) }
        return true
    }
}

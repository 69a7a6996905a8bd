import Encoding
import Ingest
import Model

/// `global`: what holds for all jobs and rules.
struct GlobalOptions: Sendable {
    var scrape = ScrapeDefaults()
    /// How often rules are evaluated where their group does not say.
    var evaluationIntervalMs: Int64 = 60_000
    /// How far in the past rules are evaluated, so that late samples are there.
    var ruleQueryOffsetMs: Int64 = 0
    /// Labels that series and alerts get when they leave for other systems.
    var externalLabels: [String: String] = [:]
    var queryLogFile: String?

    init() {}

    init(_ section: YAMLSection, _ environment: Environment) {
        scrape = ScrapeDefaults(inlineIn: section)
        let interval = section.durationMs("evaluation_interval") ?? 0
        if interval > 0 { evaluationIntervalMs = interval }
        ruleQueryOffsetMs = section.durationMs("rule_query_offset") ?? 0
        queryLogFile = section.string("query_log_file").map(section.reader.joined)
        externalLabels = Self.labels(section, environment, scrape.validation)
        section.finish()
    }

    private static func labels(
        _ section: YAMLSection, _ environment: Environment, _ validation: NameValidation
    ) -> [String: String] {
        let reader = section.reader
        var labels: [String: String] = [:]
        for pair in section.pairs("external_labels") ?? [] {
            if !validation.isValidLabelName(pair.key) {
                reader.refuse(pair.value, "\(Quoted.text(pair.key)) is not a valid label name")
            }
            guard !pair.value.isNull, let text = reader.string(pair.value, pair.key) else { continue }
            labels[pair.key] = environment.expandLabel(text) { name in
                reader.notice(pair.value, "the environment has no variable \(name): it is empty in \(pair.key)")
            }
        }
        return labels
    }
}

import Encoding
import Ingest
import LogDB
import Model
import Text

/// `logs`: what is kept of logs and how long.
struct LogOptions: Sendable {
    var store = LogStoreOptions()
    var pipelines: [LogPipeline] = []
    var syslog: [SyslogOptions] = []

    init() {}

    init(_ section: YAMLSection) {
        if let ms = section.durationMs("retention"), ms > 0 { store.retentionMs = ms }
        if let bytes = section.bytes("retention_size"), bytes > 0 { store.retentionBytes = Int(bytes) }
        for rule in section.sections("retention_rules", "retention rule") { readRule(rule) }
        if let bytes = section.bytes("line_limit") { store.lineBytesMax = max(1, Int(bytes)) }
        if let word = section.choice("long_lines", ["cut", "refuse"]) {
            store.longLine = word == "cut" ? .cut : .refuse
        }
        if let bytes = section.bytes("metadata_limit") { store.metadataBytesMax = max(0, Int(bytes)) }
        if let count = section.int("streams_limit", in: 1...Int(UInt32.max)) { store.streamsMax = count }
        if let count = section.int("labels_limit", in: 1...1024) { store.labelsMax = count }
        if let bytes = section.bytes("label_bytes_limit") { store.labelBytesMax = max(1, Int(bytes)) }
        pipelines = section.sections("pipelines", "log pipeline").map { LogPipeline($0) }
        if pipelines.contains(where: { !$0.metrics.isEmpty }) {
            section.refuse(
                at: "pipelines", "metrics of lines are made by agents",
                "record a rule over logs(...) or a LogQL expression")
        }
        syslog = section.sections("syslog", "syslog listener").compactMap { SyslogOptions($0) }
        section.finish()
    }

    /// `{labels: {level: DEBUG}, retention: 3d}`.
    private mutating func readRule(_ section: YAMLSection) {
        let labels = section.texts("labels")
        let ms = section.durationMs("retention")
        if labels.isEmpty { section.refuse("a retention rule names no labels", "write labels: {level: DEBUG}") }
        if ms == nil { section.refuse("a retention rule has no retention", "write retention: 3d") }
        section.finish()
        let matchers = labels.sorted { $0.key < $1.key }.map { Matcher($0.key, equals: $0.value) }
        store.retentionRules.append(LogRetentionRule(matchers: matchers, retentionMs: ms ?? 0))
    }
}

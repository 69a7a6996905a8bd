import Encoding
import Ingest
import Model

/// `logs.journald`: what of systemd's journal is read, and which of its fields become labels.
package struct JournaldOptions: Sendable {
    /// Of journal files; nil for those of this machine.
    var directory: String?
    var matches: [String] = []
    /// How far back an agent begins that has read nothing yet.
    var ageMaxMs: Int64 = 24 * 3_600_000
    var labels: [String: String] = [:]
    /// Fields that become labels, by the name of the label.
    var fieldLabels = ["unit": "_SYSTEMD_UNIT", "app": "SYSLOG_IDENTIFIER"]
    var pipeline = LogPipeline(stages: [])

    init() {}

    init(_ section: YAMLSection) {
        directory = section.path("path")
        matches = (section.strings("units") ?? []).map { "_SYSTEMD_UNIT=\($0.contains(".") ? $0 : "\($0).service")" }
        matches += section.strings("matches") ?? []
        if let wrong = matches.first(where: { !$0.contains("=") }) {
            section.refuse(at: "matches", "\(Quoted.text(wrong)) is no FIELD=value", "write such as PRIORITY=3")
        }
        if let ms = section.durationMs("max_age"), ms > 0 { ageMaxMs = ms }
        labels = section.texts("labels")
        if section.value("field_labels") != nil { fieldLabels = section.texts("field_labels") }
        pipeline = LogPipeline(stages: LogStages.read(section, "stages"))
        section.finish()
    }

    /// Where the spool keeps how far it is read.
    var source: String { "journald:\(directory ?? "")" }
}

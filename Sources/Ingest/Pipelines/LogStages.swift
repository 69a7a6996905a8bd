package import Encoding
package import Text

/// Every stage that a pipeline can have.
package enum LogStages {
    package static let all: [any LogStage.Type] = [
        DropStage.self,
        JSONFieldsStage.self,
        LabelsStage.self,
        LevelStage.self,
        LogfmtFieldsStage.self,
        MatchStage.self,
        MetadataStage.self,
        MetricsStage.self,
        OutputStage.self,
        PackStage.self,
        PatternStage.self,
        RedactStage.self,
        RegexpStage.self,
        ReplaceStage.self,
        SampleStage.self,
        TemplateStage.self,
        TimestampStage.self,
    ]

    /// Reads a list of stages.
    package static func read(_ section: YAMLSection, _ key: String) -> [any LogStage] {
        section.sections(key, "pipeline stage").compactMap { read($0) }
    }

    /// Reads `{drop: {...}}`. Nil where an error was reported.
    static func read(_ section: YAMLSection) -> (any LogStage)? {
        guard section.keys.count == 1, let key = section.keys.first else {
            section.refuse(
                "a pipeline stage has \(section.keys.count) keys", "write one stage for each entry of the list")
            return nil
        }
        guard let kind = all.first(where: { $0.key == key }) else {
            let names = all.map { $0.key }
            section.refuse(
                "there is no pipeline stage \(Quoted.text(key))",
                NearestWord.of(key, among: names).map { "did you mean \(Quoted.text($0))?" }
                    ?? "there are \(names.joined(separator: ", "))")
            return nil
        }
        guard let inner = section.section(key) else { return nil }
        section.finish()
        return kind.init(inner)
    }
}

extension YAMLSection {
    /// A regular expression. Nil where it is absent or an error was reported.
    package func expression(_ key: String) -> RegularExpression? {
        guard let pattern = string(key) else { return nil }
        do throws(RegularExpressionError) {
            return try RegularExpression(pattern)
        } catch {
            refuse(at: key, "\(error)")
            return nil
        }
    }
}

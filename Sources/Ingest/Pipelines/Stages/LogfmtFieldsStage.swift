package import Encoding
import Model

/// `logfmt`: as `json`, of pairs `name=value`.
package struct LogfmtFieldsStage: LogStage {
    package static let key = "logfmt"

    private let reader: FieldMetadata

    package init(_ section: YAMLSection) { reader = FieldMetadata(section, .logfmt) }

    package func run(_ entry: inout StagedEntry) -> Bool {
        reader.run(&entry)
        return true
    }
}

package import Encoding
import Model

/// `json`: makes metadata of the fields of an object, nested names joined by dots: of the line, or of the text that the field
/// `source` holds; all of them, or those that `fields` lists.
package struct JSONFieldsStage: LogStage {
    package static let key = "json"

    private let reader: FieldMetadata

    package init(_ section: YAMLSection) { reader = FieldMetadata(section, .json) }

    package func run(_ entry: inout StagedEntry) -> Bool {
        reader.run(&entry)
        return true
    }
}

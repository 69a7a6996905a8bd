package import Encoding
import Text

/// `drop`: leaves out entries whose line matches `line`, or whose field `field` has the value `value`.
package struct DropStage: LogStage {
    package static let key = "drop"

    private let line: RegularExpression?
    private let field: (name: String, value: String)?

    package init(_ section: YAMLSection) {
        line = section.expression("line")
        let name = section.string("field")
        let value = section.string("value")
        field = name.map { ($0, value ?? "") }
        if section.value("line") == nil && name == nil {
            section.refuse("drop says neither line nor field", "without a condition it would drop everything")
        }
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        if let line, line.matches(entry.line.span) { return false }
        if let field, entry.value(field.name) == field.value { return false }
        return true
    }
}

package import Encoding
import Text

/// `drop`: leaves out entries whose line matches `line`, or whose field `field` has the value `value` or one that `matches`.
package struct DropStage: LogStage {
    package static let key = "drop"

    private let line: RegularExpression?
    private let field: (name: String, value: String)?
    private let matching: RegularExpression?

    package init(_ section: YAMLSection) {
        line = section.expression("line")
        let name = section.string("field")
        let value = section.string("value")
        field = name.map { ($0, value ?? "") }
        matching = section.expression("matches")
        if section.value("line") == nil && name == nil {
            section.refuse("drop says neither line nor field", "without a condition it would drop everything")
        }
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        if let line, line.matches(entry.line.span) { return false }
        if let field {
            let value = entry.value(field.name)
            if let matching { return value.isEmpty || !matching.matches(value.utf8.span) }
            if value == field.value { return false }
        }
        return true
    }
}

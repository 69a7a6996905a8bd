package import Encoding
import Text

/// `regexp`: makes metadata of the named groups of `expression`, matched against the line or the field that `source` names.
package struct RegexpStage: LogStage {
    package static let key = "regexp"

    private let expression: RegularExpression?
    private let groups: [(name: String, group: Int)]
    private let source: String?

    package init(_ section: YAMLSection) {
        expression = section.expression("expression")
        groups = expression?.groupNames ?? []
        source = section.string("source")
        if section.value("expression") == nil { section.refuse("regexp has no expression") }
        if expression != nil && groups.isEmpty {
            section.refuse(at: "expression", "the expression has no named group", "write (?P<name>...)")
        }
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        guard let expression else { return true }
        let text = source.map { Array(entry.value($0).utf8) } ?? entry.line
        var ranges = CaptureRanges()
        guard expression.captures(in: text.span, into: &ranges) else { return true }
        for (name, group) in groups {
            if let range = ranges[group], !range.isEmpty {
                entry.setMetadata(name, String(decoding: text[range], as: UTF8.self))
            }
        }
        return true
    }
}

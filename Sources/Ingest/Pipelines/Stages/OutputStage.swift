package import Encoding

/// `output`: makes the field that `source` names the line. An entry that has none stays as it is.
package struct OutputStage: LogStage {
    package static let key = "output"

    private let source: String

    package init(_ section: YAMLSection) {
        source = section.string("source") ?? ""
        if source.isEmpty { section.refuse("output names no field", "write source: message") }
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        let value = entry.value(source)
        if !value.isEmpty { entry.line = Array(value.utf8) }
        return true
    }
}

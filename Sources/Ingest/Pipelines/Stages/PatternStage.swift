package import Encoding
import Text

/// `pattern`: makes metadata of the captures of `expression`, such as `<ip> - <user> <_>`, of the line or of the field that
/// `source` names.
package struct PatternStage: LogStage {
    package static let key = "pattern"

    private let pattern: LinePattern?
    private let source: String?

    package init(_ section: YAMLSection) {
        source = section.string("source")
        let text = section.string("expression")
        do throws(LinePattern.Failure) {
            pattern = try text.map { text throws(LinePattern.Failure) in try LinePattern(parsing: text) }
        } catch {
            section.refuse(at: "expression", error.message, "write literals and captures: <ip> - <user> <_>")
            pattern = nil
        }
        if section.value("expression") == nil { section.refuse("pattern has no expression") }
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        guard let pattern else { return true }
        let text = source.map { Array(entry.value($0).utf8) } ?? entry.line
        for (name, range) in pattern.captures(in: text.span) where !range.isEmpty {
            entry.setMetadata(
                String(decoding: name, as: UTF8.self), String(decoding: text[range], as: UTF8.self))
        }
        return true
    }
}

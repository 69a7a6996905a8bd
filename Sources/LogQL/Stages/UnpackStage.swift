import Encoding
import Model

/// `| unpack`: the texts of an object become labels, and `_entry` the line, as Promtail's pack stage has written them.
struct UnpackStage: ParserStage {
    static let keywords = ["unpack"]
    private static let lineName = "_entry"

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage { UnpackStage() }

    var text: String { "unpack" }
    var read: [String]? { [] }

    func run(_ entry: PipelineEntry) -> Bool {
        if entry.line.isEmpty { return true }
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONValue.parse(entry.line.span)
        } catch {
            entry.labels.fail("JSONParserErr", "\(error)")
            return true
        }
        guard let members = root.members else {
            entry.labels.fail("JSONParserErr", "expecting json object but it is not")
            return true
        }
        for member in members {
            guard let text = member.value.text else { continue }
            if member.name == Self.lineName {
                entry.line = Array(text.utf8)
                continue
            }
            entry.name = Array(member.name.utf8)
            FieldLabel.sanitize(&entry.name)
            entry.value = Array(text.utf8)
            entry.labels.extract(entry.name.span, entry.value.span, wanted: entry.wanted)
        }
        return true
    }
}

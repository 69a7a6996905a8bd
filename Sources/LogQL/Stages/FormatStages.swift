import Encoding
import Text

/// `| line_format "{{.level}} {{.msg}}"`
struct LineFormatStage: Stage {
    static let keywords = ["line_format"]

    let template: EntryTemplate

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage {
        let token = parser.token
        let source = try parser.string()
        return LineFormatStage(template: try parser.template(source, "invalid line template", at: token))
    }

    var text: String { "line_format " + QueryText.quoted(template.source) }
    var read: [String]? { template.read }
    /// A template of the engine may.
    var readsLine: Bool { template.read == nil }

    func run(_ entry: PipelineEntry) -> Bool {
        if let failure = template.render(entry) {
            entry.labels.fail("TemplateFormatErr", failure)
            return true
        }
        swap(&entry.line, &entry.value)
        return true
    }
}

/// `| label_format a=b, c="{{.d}}"`: renames, or sets what a template gives.
struct LabelFormatStage: Stage {
    static let keywords = ["label_format"]

    enum Source: Sendable {
        case label(String)
        case template(EntryTemplate)
    }

    struct Change: Sendable {
        let name: String
        let source: Source
    }

    let changes: [Change]

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage {
        var changes: [Change] = []
        repeat {
            let token = parser.token
            let name = try parser.identifier()
            if name == "__error__" { throw parser.failure("\(name) cannot be formatted", at: token) }
            if changes.contains(where: { $0.name == name }) {
                throw parser.failure(
                    "multiple label name '\(name)' not allowed in a single format operation", at: token)
            }
            try parser.expect("=")
            let source = parser.token
            switch source.kind {
            case .identifier:
                parser.advance()
                changes.append(Change(name: name, source: .label(source.text)))
            case .string:
                parser.advance()
                let template = try parser.template(source.text, "invalid template for label '\(name)'", at: source)
                changes.append(Change(name: name, source: .template(template)))
            default: throw parser.unexpected(["IDENTIFIER", "STRING"])
            }
        } while parser.skip(",")
        return LabelFormatStage(changes: changes)
    }

    var text: String {
        "label_format "
            + changes.map { change in
                switch change.source {
                case .label(let label): "\(change.name)=\(label)"
                case .template(let template): "\(change.name)=\(QueryText.quoted(template.source))"
                }
            }.joined(separator: ",")
    }

    var read: [String]? {
        var names: [String] = []
        for change in changes {
            switch change.source {
            case .label(let label): names.append(label)
            case .template(let template):
                guard let read = template.read else { return nil }
                names += read
            }
        }
        return names
    }

    /// A template of the engine may.
    var readsLine: Bool { read == nil }

    func run(_ entry: PipelineEntry) -> Bool {
        for change in changes {
            switch change.source {
            case .label(let label):
                let name = Array(label.utf8)
                guard let value = entry.labels.value(of: name) else { continue }
                let copy = Array(entry.labels.bytes[value])
                entry.labels.remove(name)
                entry.labels.set(change.name.utf8.span, copy.span)
            case .template(let template):
                if let failure = template.render(entry) {
                    entry.labels.fail("TemplateFormatErr", failure)
                    continue
                }
                entry.labels.set(change.name.utf8.span, entry.value.span)
            }
        }
        return true
    }
}

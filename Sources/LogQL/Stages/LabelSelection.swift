import Model

/// What `drop` and `keep` name: a label, or a label with a condition on its value.
struct LabelSelection: Sendable {
    let name: String
    let nameBytes: [UInt8]
    let matcher: Matcher?

    init(name: String, matcher: Matcher?) {
        self.name = name
        nameBytes = Array(name.utf8)
        self.matcher = matcher
    }

    var text: String { matcher.map(QueryText.matcher) ?? name }

    static func list(_ parser: inout QueryParser) throws(LogQLError) -> [LabelSelection] {
        var all: [LabelSelection] = []
        repeat {
            let name = try parser.identifier()
            let hasMatcher = parser.token.kind == .sign && Matcher.Operation(rawValue: parser.token.text) != nil
            let matcher = hasMatcher ? try parser.matcherTail(name) : nil
            all.append(LabelSelection(name: name, matcher: matcher))
        } while parser.skip(",")
        return all
    }
}

/// `| drop a, b="c"`
struct DropStage: Stage {
    static let keywords = ["drop"]

    let selections: [LabelSelection]

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage {
        DropStage(selections: try LabelSelection.list(&parser))
    }

    var text: String { "drop " + selections.map(\.text).joined(separator: ",") }
    var read: [String]? { selections.map(\.name) }

    func run(_ entry: PipelineEntry) -> Bool {
        for selection in selections {
            if selection.nameBytes == LabelNames.error {
                let error = Array(entry.labels.error.utf8)
                if selection.matcher?.matches(error.span) ?? true { entry.labels.clearError() }
            } else if selection.nameBytes == LabelNames.errorDetails {
                entry.labels.errorDetails = ""
            } else if let matcher = selection.matcher {
                guard let value = entry.labels.value(of: selection.nameBytes) else { continue }
                if matcher.matches(entry.labels.bytes.span.extracting(value)) {
                    entry.labels.remove(selection.nameBytes)
                }
            } else {
                entry.labels.remove(selection.nameBytes)
            }
        }
        return true
    }
}

/// `| keep a, b="c"`
struct KeepStage: Stage {
    static let keywords = ["keep"]

    let selections: [LabelSelection]

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage {
        KeepStage(selections: try LabelSelection.list(&parser))
    }

    var text: String { "keep " + selections.map(\.text).joined(separator: ",") }
    var read: [String]? { selections.map(\.name) }

    func run(_ entry: PipelineEntry) -> Bool {
        for index in entry.labels.slots.indices where entry.labels.slots[index].isLive {
            if !entry.labels.isSelected(index, by: selections) { entry.labels.remove(at: index) }
        }
        return true
    }
}

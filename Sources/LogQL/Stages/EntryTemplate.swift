import Encoding
import Model
import Text

/// A template over the labels of an entry. One that only puts labels between texts is carried out without the engine.
struct EntryTemplate: Sendable {
    private enum Piece: Sendable {
        case text([UInt8])
        case label([UInt8])
    }

    let source: String
    /// Labels that it looks at; nil where that may be any.
    let read: [String]?
    /// Nil where it takes the engine.
    private let pieces: [Piece]?
    private let set: TemplateSet

    private static let name = "line"
    /// What stands for the line and the time, which functions of templates cannot know.
    private static let variables = ["__line__", "__timestamp__"]

    init(_ source: String) throws(TemplateError) {
        self.source = source
        var set = TemplateSet(functions: TextFunctions.all + TemplateFunctions.all)
        try set.add(Self.withVariables(source), named: Self.name, variables: Self.variables)
        self.set = set
        pieces = Self.pieces(source)
        read = pieces?.compactMap {
            if case .label(let name) = $0 { String(decoding: name, as: UTF8.self) } else { nil }
        }
    }

    /// Only texts and `{{ .label }}`; nil for anything else.
    private static func pieces(_ source: String) -> [Piece]? {
        var pieces: [Piece] = []
        var rest = source[...]
        while let open = rest.firstRange(of: "{{") {
            if open.lowerBound > rest.startIndex { pieces.append(.text(Array(rest[..<open.lowerBound].utf8))) }
            guard let close = rest[open.upperBound...].firstRange(of: "}}") else { return nil }
            let action = String(rest[open.upperBound..<close.lowerBound]).trimmedBlanks
            guard action.first == ".", LabelNames.isValid(String(action.dropFirst())) else { return nil }
            pieces.append(.label(Array(action.utf8.dropFirst())))
            rest = rest[close.upperBound...]
        }
        if !rest.isEmpty { pieces.append(.text(Array(rest.utf8))) }
        return pieces
    }

    /// `__line__` and `__timestamp__` are functions in Loki and variables here.
    private static func withVariables(_ source: String) -> String {
        var text = ""
        var rest = source[...]
        while let found = variables.compactMap({ rest.firstRange(of: $0) }).min(by: { $0.lowerBound < $1.lowerBound }) {
            text += rest[..<found.lowerBound]
            if let before = text.last, before == "." || before == "$" || before == "_" || before.isLetter {
                text += rest[found]
            } else {
                text += "$" + rest[found]
            }
            rest = rest[found.upperBound...]
        }
        return text + rest
    }

    /// Writes the text to `value` of the entry; the failure in words, or nil.
    func render(_ entry: PipelineEntry) -> String? {
        entry.value.removeAll(keepingCapacity: true)
        guard let pieces else { return renderWithEngine(entry) }
        for piece in pieces {
            switch piece {
            case .text(let text): entry.value += text
            case .label(let name): Self.append(name, entry.labels, to: &entry.value)
            }
        }
        return nil
    }

    private static func append(_ name: [UInt8], _ labels: EntryLabels, to output: inout [UInt8]) {
        if name == LabelNames.error {
            output += labels.error.utf8
        } else if name == LabelNames.errorDetails {
            output += labels.errorDetails.utf8
        } else if let value = labels.value(of: name) {
            output += labels.bytes[value]
        }
    }

    private func renderWithEngine(_ entry: PipelineEntry) -> String? {
        var pairs = entry.labels.pairs
        if !entry.labels.error.isEmpty {
            pairs.append(("__error__", entry.labels.error))
            pairs.append(("__error_details__", entry.labels.errorDetails))
        }
        let line = String(decoding: entry.line, as: UTF8.self)
        do throws(TemplateError) {
            let text = try set.execute(
                Self.name, .map(TemplateMap(texts: pairs)),
                variables: [
                    ("__line__", .string(line)),
                    ("__timestamp__", .object(GoTime(ms: entry.timestampNs.milliseconds))),
                ])
            entry.value += text.utf8
            return nil
        } catch {
            return "\(error)"
        }
    }
}

extension Int64 {
    /// Whole milliseconds of nanoseconds, towards the past.
    var milliseconds: Int64 { self >= 0 ? self / 1_000_000 : (self + 1) / 1_000_000 - 1 }
}

import Encoding
import Model

/// `| json` and `| json a="b.c[0]"`.
///
/// Names of nested fields are joined by underscores; arrays and nulls are left out. A line that is no JSON object is an
/// error of the entry, which then has no label of it. A line is read as the store reads it (`LogFields`).
struct JSONStage: ParserStage {
    static let keywords = ["json"]

    let extractions: [LabelExtraction]
    private let paths: [JSONPath]

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage {
        let extractions = try parser.extractions()
        var paths: [JSONPath] = []
        for extraction in extractions {
            guard let path = JSONPath(extraction.expression) else {
                throw parser.failure(
                    "cannot parse expression [\(extraction.expression)]: syntax error", at: keyword)
            }
            paths.append(path)
        }
        return JSONStage(extractions: extractions, paths: paths)
    }

    var text: String { LabelExtraction.text("json", extractions) }
    var read: [String]? { [] }

    func run(_ entry: PipelineEntry) -> Bool {
        guard paths.isEmpty else { return runPaths(entry) }
        if entry.line.isEmpty { return true }
        entry.fields.scan(entry.line.span)
        guard entry.fields.format == .json || Self.isEmptyObject(entry.line) else {
            entry.labels.fail("JSONParserErr", "Value looks like object, but can't find closing '}' symbol")
            return true
        }
        for field in entry.fields.fields {
            guard Self.isLabel(field, entry.line) else { continue }
            entry.name.removeAll(keepingCapacity: true)
            entry.fields.appendName(of: field, in: entry.line.span, to: &entry.name)
            FieldLabel.sanitize(&entry.name)
            let raw = entry.line.span.extracting(field.value.asInt)
            if field.valueHasEscapes {
                entry.value.removeAll(keepingCapacity: true)
                LogFields.append(raw, hasEscapes: true, to: &entry.value)
                entry.labels.extract(entry.name.span, entry.value.span, wanted: entry.wanted)
            } else {
                entry.labels.extract(entry.name.span, raw, wanted: entry.wanted)
            }
        }
        return true
    }

    private static func isEmptyObject(_ line: [UInt8]) -> Bool {
        line.first == UInt8(ascii: "{") && line.last == UInt8(ascii: "}")
            && line.dropFirst().dropLast().allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }

    /// Whether a field has a text, a number or a truth value.
    static func isLabel(_ field: LogFields.Field, _ line: [UInt8]) -> Bool {
        let start = Int(field.value.lowerBound)
        let isQuoted = start > 0 && line[start - 1] == UInt8(ascii: "\"")
        return FieldLabel.isValue(line.span.extracting(field.value.asInt), isQuoted: isQuoted, .json)
    }

    private func runPaths(_ entry: PipelineEntry) -> Bool {
        let root: JSONValue
        do throws(JSONError) {
            root = try JSONValue.parse(entry.line.span)
        } catch {
            entry.labels.fail("JSONParserErr", "\(error)")
            return true
        }
        guard root.members != nil else {
            entry.labels.fail("JSONParserErr", "the line is no object")
            return true
        }
        for (place, path) in paths.enumerated() {
            let found = path.value(in: root)
            entry.value.removeAll(keepingCapacity: true)
            switch found {
            case nil, .null: break
            case .string(let text): entry.value += text.utf8
            case let value?:
                var writer = JSONWriter()
                writer.value(value)
                entry.value += writer.bytes
            }
            entry.name = Array(extractions[place].label.utf8)
            entry.labels.extract(entry.name.span, entry.value.span, wanted: entry.wanted)
        }
        return true
    }
}

/// `label="expression"` behind a parser; a lone label is its own expression.
struct LabelExtraction: Sendable {
    var label: String
    var expression: String

    static func text(_ keyword: String, _ extractions: [LabelExtraction]) -> String {
        extractions.isEmpty
            ? keyword
            : keyword + " "
                + extractions.map { "\($0.label)=\(QueryText.quoted($0.expression))" }.joined(separator: ",")
    }
}

/// `a.b[0]["c"]`
struct JSONPath: Sendable {
    private enum Step {
        case member(String)
        case element(Int)
    }

    private var steps: [Step] = []

    /// Nil where it is malformed.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "[") {
                guard let close = bytes[at...].firstIndex(of: UInt8(ascii: "]")) else { return nil }
                let inside = String(decoding: bytes[(at + 1)..<close], as: UTF8.self)
                if let index = Int(inside), index >= 0 {
                    steps.append(.element(index))
                } else if inside.count >= 2, inside.hasPrefix("\""), inside.hasSuffix("\"") {
                    steps.append(.member(String(inside.dropFirst().dropLast())))
                } else {
                    return nil
                }
                at = close + 1
                continue
            }
            if bytes[at] == UInt8(ascii: ".") {
                guard !steps.isEmpty, at + 1 < bytes.count else { return nil }
                at += 1
            } else if !steps.isEmpty {
                return nil
            }
            var end = at
            while end < bytes.count, bytes[end] != UInt8(ascii: "."), bytes[end] != UInt8(ascii: "[") { end += 1 }
            let name = String(decoding: bytes[at..<end], as: UTF8.self)
            guard LabelNames.isValid(name) else { return nil }
            steps.append(.member(name))
            at = end
        }
        if steps.isEmpty { return nil }
    }

    func value(in root: JSONValue) -> JSONValue? {
        var value = root
        for step in steps {
            switch step {
            case .member(let name):
                guard let next = value[name] else { return nil }
                value = next
            case .element(let index):
                guard let elements = value.elements, index < elements.count else { return nil }
                value = elements[index]
            }
        }
        return value
    }
}

import Encoding
import Model

/// What fields some lines have: their names, what their values look like, and how many of them there are.
package struct DetectedFields {
    package enum Kind: String, Sendable {
        case string, int, float, boolean, duration, bytes
    }

    package struct Field: Sendable {
        package var name: String
        package var kind: Kind
        package var values: Set<String>
        /// `json` or `logfmt`; none for metadata and what the query's own stages found.
        package var parsers: Set<String>
        /// Where in the JSON it stands.
        package var path: [String]
    }

    private var fields: [String: Field] = [:]
    /// Of one field; more are not counted.
    private static let valuesMax = 1000
    private static let fieldsMax = 1000
    private var scanned = LogFields()

    package init() {}

    /// Those with the most values first.
    package var all: [Field] {
        fields.values.sorted { ($1.values.count, $0.name) < ($0.values.count, $1.name) }
    }

    package subscript(name: String) -> Field? { fields[name] }

    package mutating func add(_ line: ResultLine) {
        for pair in line.metadata.pairs + line.parsed.pairs { note(pair.name, pair.value, nil, []) }
        guard line.parsed.isEmpty else { return }
        scanned.scan(line.line.span)
        guard scanned.format != .plain else { return }
        let parser = scanned.format == .json ? "json" : "logfmt"
        for field in scanned.fields {
            if parser == "json", !JSONStage.isLabel(field, line.line) { continue }
            var name: [UInt8] = []
            scanned.appendName(of: field, in: line.line.span, to: &name)
            let path = String(decoding: name, as: UTF8.self).split(separator: ".").map(String.init)
            FieldLabel.sanitize(&name)
            var value: [UInt8] = []
            LogFields.append(
                line.line.span.extracting(field.value.asInt), hasEscapes: field.valueHasEscapes, to: &value)
            note(
                String(decoding: name, as: UTF8.self), String(decoding: value, as: UTF8.self), parser,
                parser == "json" ? path : [])
        }
    }

    private mutating func note(_ name: String, _ value: String, _ parser: String?, _ path: [String]) {
        guard fields[name] != nil || fields.count < Self.fieldsMax else { return }
        let kind = Self.kind(value)
        var field = fields[name] ?? Field(name: name, kind: kind, values: [], parsers: [], path: path)
        if field.kind != kind { field.kind = .string }
        if field.values.count < Self.valuesMax { field.values.insert(value) }
        if let parser { field.parsers.insert(parser) }
        fields[name] = field
    }

    private static func kind(_ value: String) -> Kind {
        if Int64(value) != nil { return .int }
        if FloatReading.float(value) != nil { return .float }
        if value == "true" || value == "false" { return .boolean }
        if case .success = QueryDuration.value(value) { return .duration }
        if QueryBytes.literal(value) != nil { return .bytes }
        return .string
    }
}

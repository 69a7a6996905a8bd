import Encoding
import Model

/// Makes metadata of the fields of a text; one of another format is left alone.
struct FieldMetadata {
    private let format: LogFields.Format
    private let source: String?
    /// Nil for all.
    private let names: [String]?

    init(_ section: YAMLSection, _ format: LogFields.Format) {
        self.format = format
        source = section.string("source")
        names = section.strings("fields")
        section.finish()
    }

    func run(_ entry: inout StagedEntry) {
        let text = source.map { Array(entry.value($0).utf8) } ?? entry.line
        var fields = LogFields()
        fields.scan(text.span)
        guard fields.format == format else { return }
        for field in fields.fields {
            var name: [UInt8] = []
            fields.appendName(of: field, in: text.span, to: &name)
            let known = String(decoding: name, as: UTF8.self)
            if let names, !names.contains(known) { continue }
            var value: [UInt8] = []
            LogFields.append(text.span.extracting(field.value.asInt), hasEscapes: field.valueHasEscapes, to: &value)
            entry.setMetadata(known, String(decoding: value, as: UTF8.self))
        }
    }
}

package import Encoding
import LogQL
import Model
package import Text

/// `template`: makes the metadata `target` of a template as `line_format` has it, of labels and metadata by name. `.Value` is
/// what `target` was before, as metadata, field or label, `.Entry` the line. Of nothing it makes nothing.
package struct TemplateStage: LogStage {
    package static let key = "template"
    private static let name = "template"

    private let target: String
    private let templates: TemplateSet?

    package init(_ section: YAMLSection) {
        target = section.string("target") ?? ""
        if target.isEmpty { section.refuse("template names no target", "write target: user") }
        let text = section.string("text")
        if text == nil { section.refuse("template has no text", "write text: '{{ .Value | lower }}'") }
        do throws(TemplateError) {
            templates = try text.map { text throws(TemplateError) in try Self.compiled(text) }
        } catch {
            section.refuse(at: "text", "\(error)")
            templates = nil
        }
        section.finish()
    }

    /// The template, or why it is none.
    package static func compiled(_ text: String) throws(TemplateError) -> TemplateSet {
        var templates = TemplateSet(functions: TextFunctions.all + TemplateFunctions.all)
        try templates.add(text, named: name)
        return templates
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        guard let templates else { return true }
        var texts = entry.labels.pairs.map { ($0.name, $0.value) }
        for pair in entry.metadata.pairs {
            texts.removeAll { $0.0 == pair.name }
            texts.append((pair.name, pair.value))
        }
        let value = entry.value(target)
        texts.append(("Value", value.isEmpty ? entry.labels[target] : value))
        texts.append(("Entry", String(decoding: entry.line, as: UTF8.self)))
        let made = try? templates.execute(Self.name, .map(TemplateMap(texts: texts)))  // the entry stays as it is then
        if let made { entry.setMetadata(target, made) }
        return true
    }
}

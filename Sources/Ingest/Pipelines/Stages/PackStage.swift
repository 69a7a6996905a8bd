package import Encoding
import Model

/// `pack`: puts `labels`, which are labels or metadata, into the line as an object, with the line as `_entry`: `unpack` of
/// LogQL takes them out again. A label that nobody selects by costs no stream then.
package struct PackStage: LogStage {
    package static let key = "pack"

    private let names: [String]

    package init(_ section: YAMLSection) {
        names = (section.strings("labels") ?? []).sorted()
        if names.isEmpty { section.refuse("pack names no labels", "write labels: [pod, container]") }
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        var json = JSONWriter()
        json.beginObject()
        for name in names {
            let label = entry.labels[name]
            let value = label.isEmpty ? entry.metadata[name] : label
            if value.isEmpty { continue }
            json.member(name, value)
            entry.setLabel(name, "")
            entry.setMetadata(name, "")
        }
        json.member("_entry", String(decoding: entry.line, as: UTF8.self))
        json.endObject()
        entry.line = json.bytes
        return true
    }
}

package import Encoding
import Model

/// `metadata`: sets structured metadata as `labels` sets labels, and gives that of `rename` another name.
package struct MetadataStage: LogStage {
    package static let key = "metadata"

    private let from: [(name: String, field: String)]
    private let set: [(name: String, value: String)]
    private let rename: [(old: String, new: String)]
    private let remove: [String]

    package init(_ section: YAMLSection) {
        from = section.texts("from").sorted { $0.key < $1.key }.map { ($0.key, $0.value.isEmpty ? $0.key : $0.value) }
        set = section.texts("set").sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        rename = section.texts("rename").sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        remove = section.strings("remove") ?? []
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        for (name, field) in from {
            let value = entry.value(field)
            if !value.isEmpty { entry.setMetadata(name, value) }
        }
        for (name, value) in set { entry.setMetadata(name, value) }
        for (old, new) in rename {
            let value = entry.metadata[old]
            guard !value.isEmpty else { continue }
            entry.setMetadata(old, "")
            entry.setMetadata(new, value)
        }
        for name in remove { entry.setMetadata(name, "") }
        return true
    }
}

package import Encoding

/// `labels`: sets labels of the stream, `from` fields by name or to fixed values with `set`, and takes those of `remove`
/// away.
package struct LabelsStage: LogStage {
    package static let key = "labels"

    private let from: [(label: String, field: String)]
    private let set: [(label: String, value: String)]
    private let remove: [String]

    package init(_ section: YAMLSection) {
        from = section.texts("from").sorted { $0.key < $1.key }.map { ($0.key, $0.value.isEmpty ? $0.key : $0.value) }
        set = section.texts("set").sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        remove = section.strings("remove") ?? []
        section.finish()
    }

    package func run(_ entry: inout StagedEntry) -> Bool {
        for (label, field) in from {
            let value = entry.value(field)
            if !value.isEmpty { entry.setLabel(label, value) }
        }
        for (label, value) in set { entry.setLabel(label, value) }
        for label in remove { entry.setLabel(label, "") }
        return true
    }
}

package import Encoding

/// Targets that share labels, as a discovery finds them or a file lists them.
package struct TargetGroup: Hashable, Sendable {
    /// `host:port`, the value of `__address__`.
    package var targets: [String]
    /// Labels of all of them, `__meta_...` included.
    package var labels: [String: String]

    package init(targets: [String], labels: [String: String] = [:]) {
        self.targets = targets
        self.labels = labels
    }
}

extension TargetGroup {
    /// Decodes a list of groups, the form of `static_configs` and of the files and answers of discovery.
    package static func read(_ nodes: [YAMLNode], _ reader: YAMLReader) -> [TargetGroup] {
        nodes.compactMap { node in
            guard let section = reader.section(node, "target group") else { return nil }
            let targets = section.strings("targets") ?? []
            let labels = section.texts("labels")
            if labels.keys.contains("") { section.refuse(at: "labels", "\"\" is not a valid label name") }
            section.finish()
            return TargetGroup(targets: targets, labels: labels)
        }
    }

    /// Decodes a file of `file_sd_configs`, YAML or JSON.
    package static func read(
        file bytes: Span<UInt8>, named file: String, _ report: ConfigurationReport
    ) -> [TargetGroup] {
        let reader = YAMLReader(file: file, report: report)
        guard let document = reader.document(bytes) else { return [] }
        return read(reader.list(document, "a file of targets") ?? [], reader)
    }
}

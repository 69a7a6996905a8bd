/// A node of a YAML document with the place where it begins.
///
/// Aliases share the nodes of their anchor, and merge keys (`<<`) are already applied: the pairs of a mapping are all
/// that count, each key once, own keys before merged ones.
package struct YAMLNode: Sendable {
    package let line: Int
    package let column: Int
    package let content: YAMLContent
    /// Nodes below and including this one with aliases expanded; what the expansion bound of the parser counts.
    let expandedNodes: Int
}

package enum YAMLContent: Sendable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    case mapping([YAMLPair])
}

package struct YAMLPair: Sendable {
    package let key: String
    /// Where the key stands.
    package let line: Int
    package let column: Int
    package let value: YAMLNode
}

extension YAMLNode {
    /// True for an empty value, `null` and `~`.
    package var isNull: Bool {
        if case .scalar(let scalar) = content { scalar.isNull } else { false }
    }

    package var isMapping: Bool {
        if case .mapping = content { true } else { false }
    }

    /// The text of a scalar as it was written, without quotes; nil for null, a list or a mapping.
    package var text: String? {
        if case .scalar(let scalar) = content, !scalar.isNull { scalar.text } else { nil }
    }

    /// The value of a key of a mapping.
    package subscript(key: String) -> YAMLNode? {
        guard case .mapping(let pairs) = content else { return nil }
        return pairs.first { $0.key == key }?.value
    }

    /// The same tree with each scalar's text replaced by what `transform` makes of it; a text stays as plain or as
    /// quoted as it was. Keys stay.
    package func mapScalars(_ transform: (_ text: String, _ node: YAMLNode) -> String) -> YAMLNode {
        let mapped: YAMLContent
        switch content {
        case .scalar(let scalar):
            mapped = .scalar(YAMLScalar(text: transform(scalar.text, self), isPlain: scalar.isPlain))
        case .sequence(let nodes): mapped = .sequence(nodes.map { $0.mapScalars(transform) })
        case .mapping(let pairs):
            mapped = .mapping(
                pairs.map {
                    YAMLPair(key: $0.key, line: $0.line, column: $0.column, value: $0.value.mapScalars(transform))
                })
        }
        return YAMLNode(line: line, column: column, content: mapped, expandedNodes: expandedNodes)
    }

    /// How an error names what stands here: `a list`, `"true"`, `42`.
    package var shortDescription: String {
        switch content {
        case .scalar(let scalar) where scalar.isNull: "nothing"
        case .scalar(let scalar):
            scalar.isPlain ? String(scalar.text.prefix(60)) : Quoted.text(String(scalar.text.prefix(60)))
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

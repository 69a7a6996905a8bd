import Encoding

extension FuzzedDecoder {
    /// Any bytes give a tree or errors with a place, and the tree keeps the bounds.
    static let yaml = FuzzedDecoder("yaml", bytesMax: 256) { bytes in
        let reader = YAMLReader(file: "input", report: ConfigurationReport())
        let node = reader.document(bytes)
        for error in reader.report.errors {
            check(error.position.line >= 1 && error.position.column >= 1, "an error without a place: \(error)")
        }
        guard let node else { return }
        var nodes = 0
        Self.walk(node, depth: 0, &nodes)
    }

    /// Visits at most a thousand nodes: aliases make trees that are small to hold and long to walk.
    private static func walk(_ node: YAMLNode, depth: Int, _ nodes: inout Int) {
        nodes += 1
        check(depth <= YAMLParser.Limits.depthMax * 2, "nested beyond the bound")
        check(node.line >= 1 && node.column >= 1, "a node without a place")
        guard nodes < 1_000 else { return }
        switch node.content {
        case .scalar(let scalar): check(scalar.int == nil || scalar.isPlain, "a quoted text is a number")
        case .sequence(let entries): for entry in entries { walk(entry, depth: depth + 1, &nodes) }
        case .mapping(let pairs):
            check(Set(pairs.map(\.key)).count == pairs.count, "a key comes twice")
            for pair in pairs { walk(pair.value, depth: depth + 1, &nodes) }
        }
    }
}

/// Reads typed values from the nodes of one file and reports what is wrong with them.
///
/// A method that returns nil for a node that is there has reported why: callers go on with a default and so find all
/// mistakes of a file in one run. Owned by the one thread that reads the file.
package final class YAMLReader {
    package let file: String
    package let report: ConfigurationReport

    package init(file: String, report: ConfigurationReport) {
        self.file = file
        self.report = report
    }

    /// A path as it is used: a relative one belongs to the folder of this file.
    package func joined(_ path: String) -> String {
        guard !path.isEmpty, !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return file[...slash] + path
    }

    /// Parses `text` and returns its document; nil where it is empty or unreadable. What is wrong is reported.
    package func document(_ text: Span<UInt8>) -> YAMLNode? {
        var errors: [ConfigurationError] = []
        let node = YAMLParser.read(text, file: file, &errors)
        for error in errors { report.add(error) }
        return node
    }

    package func position(of node: YAMLNode) -> ConfigurationPosition {
        ConfigurationPosition(file: file, line: node.line, column: node.column)
    }

    package func refuse(_ node: YAMLNode, _ what: String, _ remedy: String = "") {
        report.add(ConfigurationError(at: position(of: node), what, remedy))
    }

    package func notice(_ node: YAMLNode, _ text: String) {
        report.add(ConfigurationNotice(at: position(of: node), text))
    }
}

/// One node as one type. `name` says in errors what is read, such as a key.
extension YAMLReader {
    package func string(_ node: YAMLNode, _ name: String) -> String? {
        if let text = node.text { return text }
        refuse(node, "\(name) has to be text, here is \(node.shortDescription)")
        return nil
    }

    package func secret(_ node: YAMLNode, _ name: String) -> Secret? {
        report.addSecret(at: position(of: node))
        return string(node, name).map(Secret.init)
    }

    package func bool(_ node: YAMLNode, _ name: String) -> Bool? {
        if case .scalar(let scalar) = node.content, let value = scalar.bool { return value }
        refuse(
            node, "\(name) has to be true or false, here is \(node.shortDescription)",
            "write true or false without quotes")
        return nil
    }

    package func int(_ node: YAMLNode, _ name: String, in range: ClosedRange<Int>) -> Int? {
        guard case .scalar(let scalar) = node.content, let value = scalar.int else {
            refuse(node, "\(name) has to be a whole number, here is \(node.shortDescription)")
            return nil
        }
        guard range.contains(value) else {
            refuse(node, "\(name) is \(value)", "it has to be \(Self.description(of: range))")
            return nil
        }
        return value
    }

    package func float(_ node: YAMLNode, _ name: String) -> Double? {
        if case .scalar(let scalar) = node.content, let value = scalar.int.map(Double.init) ?? scalar.float {
            return value
        }
        refuse(node, "\(name) has to be a number, here is \(node.shortDescription)")
        return nil
    }

    package func list(_ node: YAMLNode, _ name: String) -> [YAMLNode]? {
        if case .sequence(let nodes) = node.content { return nodes }
        refuse(node, "\(name) has to be a list, here is \(node.shortDescription)", "begin each entry with `- `")
        return nil
    }

    package func strings(_ node: YAMLNode, _ name: String) -> [String]? {
        list(node, name).map { $0.compactMap { string($0, "an entry of \(name)") } }
    }

    package func secrets(_ node: YAMLNode, _ name: String) -> [Secret]? {
        list(node, name).map { $0.compactMap { secret($0, "an entry of \(name)") } }
    }

    /// A mapping whose keys are names that the user chooses, such as labels or headers.
    package func pairs(_ node: YAMLNode, _ name: String) -> [YAMLPair]? {
        if case .mapping(let pairs) = node.content { return pairs }
        refuse(
            node, "\(name) has to be a mapping, here is \(node.shortDescription)", "write `key: value` lines below it")
        return nil
    }

    /// A mapping whose keys are settings; `name` is what errors about its keys call it.
    package func section(_ node: YAMLNode, _ name: String) -> YAMLSection? {
        pairs(node, name).map { YAMLSection(node: node, pairs: $0, name: name, reader: self) }
    }

    private static func description(of range: ClosedRange<Int>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (let low, .max): "at least \(low)"
        case (.min, let high): "at most \(high)"
        case (let low, let high): "between \(low) and \(high)"
        }
    }
}

/// A mapping of settings that is read key by key.
///
/// Each key that is asked for counts as known, whether or not it is there; `finish` refuses the others and names the
/// nearest known one. A key without a value counts as absent, as Prometheus has it; `isNull` tells the difference.
package final class YAMLSection {
    /// Where the mapping stands.
    package let node: YAMLNode
    /// What the section is called in errors, such as `global` or `scrape config`.
    package let name: String
    package let reader: YAMLReader
    private var pairs: [YAMLPair]
    private var known: [String] = []

    init(node: YAMLNode, pairs: [YAMLPair], name: String, reader: YAMLReader) {
        self.node = node
        self.pairs = pairs
        self.name = name
        self.reader = reader
    }

    /// The value of `key`; nil where it is absent or null.
    package func value(_ key: String) -> YAMLNode? {
        guard let node = pair(key)?.value, !node.isNull else { return nil }
        return node
    }

    /// Replaces the value of a key that is there, before anyone reads it.
    package func replace(_ key: String, _ transform: (YAMLNode) -> YAMLNode) {
        guard let index = pairs.firstIndex(where: { $0.key == key }) else { return }
        let pair = pairs[index]
        pairs[index] = YAMLPair(key: key, line: pair.line, column: pair.column, value: transform(pair.value))
    }

    /// The mapping with what was replaced.
    package var currentNode: YAMLNode {
        YAMLNode(line: node.line, column: node.column, content: .mapping(pairs), expandedNodes: node.expandedNodes)
    }

    /// True where the key is there without a value.
    package func isNull(_ key: String) -> Bool { pair(key)?.value.isNull ?? false }

    package func contains(_ key: String) -> Bool { pair(key) != nil }

    /// Where the value of `key` stands, or the section where the key is absent.
    package func place(of key: String) -> YAMLNode { pair(key)?.value ?? node }

    /// The keys that are there, in order of the file.
    package var keys: [String] { pairs.map(\.key) }

    package func refuse(_ what: String, _ remedy: String = "") { reader.refuse(node, what, remedy) }

    package func refuse(at key: String, _ what: String, _ remedy: String = "") {
        reader.refuse(place(of: key), what, remedy)
    }

    /// Refuses the keys that nobody asked for. Call it after the last key was read.
    package func finish() {
        for pair in pairs where !known.contains(pair.key) {
            let position = ConfigurationPosition(file: reader.file, line: pair.line, column: pair.column)
            let nearest = NearestWord.of(pair.key, among: known)
            reader.report.add(
                ConfigurationError(
                    at: position, "unknown key \(Quoted.text(pair.key)) in \(name)",
                    nearest.map { "did you mean \(Quoted.text($0))?" } ?? "remove it"))
        }
    }

    private func pair(_ key: String) -> YAMLPair? {
        if !known.contains(key) { known.append(key) }
        return pairs.first { $0.key == key }
    }
}

/// Keys as types. Nil where the key is absent or null, or where an error was reported.
extension YAMLSection {
    package func string(_ key: String) -> String? { value(key).flatMap { reader.string($0, key) } }

    package func secret(_ key: String) -> Secret? { value(key).flatMap { reader.secret($0, key) } }

    package func bool(_ key: String) -> Bool? { value(key).flatMap { reader.bool($0, key) } }

    package func int(_ key: String, in range: ClosedRange<Int> = Int.min...Int.max) -> Int? {
        value(key).flatMap { reader.int($0, key, in: range) }
    }

    package func float(_ key: String) -> Double? { value(key).flatMap { reader.float($0, key) } }

    package func list(_ key: String) -> [YAMLNode]? { value(key).flatMap { reader.list($0, key) } }

    package func strings(_ key: String) -> [String]? { value(key).flatMap { reader.strings($0, key) } }

    package func secrets(_ key: String) -> [Secret]? { value(key).flatMap { reader.secrets($0, key) } }

    package func pairs(_ key: String) -> [YAMLPair]? { value(key).flatMap { reader.pairs($0, key) } }

    package func section(_ key: String) -> YAMLSection? { value(key).flatMap { reader.section($0, key) } }

    /// One of a few words.
    package func choice(_ key: String, _ words: [String]) -> String? {
        guard let word = string(key) else { return nil }
        if words.contains(word) { return word }
        let nearest = NearestWord.of(word, among: words)
        refuse(
            at: key, "\(key) is \(Quoted.text(word))",
            nearest.map { "did you mean \(Quoted.text($0))?" } ?? "it has to be one of \(words.joined(separator: ", "))"
        )
        return nil
    }

    /// The entries of a list, each a section called `name`; an empty entry is refused.
    package func sections(_ key: String, _ name: String) -> [YAMLSection] {
        (list(key) ?? []).compactMap { entry in
            if !entry.isNull { return reader.section(entry, name) }
            reader.refuse(entry, "empty or null \(name)", "fill it in or remove the `-`")
            return nil
        }
    }

    /// The path of a file that has to be there.
    package func path(_ key: String) -> String? {
        guard let node = value(key), let path = reader.string(node, key) else { return nil }
        let joined = reader.joined(path)
        reader.report.add(NamedFile(position: reader.position(of: node), path: joined, setting: key))
        return joined
    }

    /// The paths of files that have to be there.
    package func paths(_ key: String) -> [String] {
        (list(key) ?? []).compactMap { node in
            guard let path = reader.string(node, "an entry of \(key)") else { return nil }
            let joined = reader.joined(path)
            reader.report.add(NamedFile(position: reader.position(of: node), path: joined, setting: key))
            return joined
        }
    }

    /// A mapping of names that the user chooses to texts.
    package func texts(_ key: String) -> [String: String] {
        var texts: [String: String] = [:]
        for pair in pairs(key) ?? [] { texts[pair.key] = pair.value.isNull ? "" : reader.string(pair.value, pair.key) }
        return texts
    }

    /// A secret that is written here or in a file, not both.
    package func secret(_ key: String, file fileKey: String) -> SecretSource? {
        let text = secret(key)
        let file = path(fileKey)
        if text != nil, file != nil {
            refuse(at: fileKey, "at most one of \(key) & \(fileKey) must be configured", "keep the file")
        }
        return text.map(SecretSource.text) ?? file.map(SecretSource.file)
    }
}

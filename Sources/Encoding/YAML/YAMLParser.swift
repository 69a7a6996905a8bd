import CYAML

/// Reads a YAML document into a tree over libyaml's events.
package enum YAMLParser {
    /// Bounds that hold for every document, so that no file can exhaust memory or stack.
    package enum Limits {
        package static let bytesMax = 64 << 20
        package static let depthMax = 100
        /// Nodes with aliases and merge keys expanded.
        package static let nodesMax = 4_000_000
    }

    /// The document of `text`; nil where the file has none (empty or only comments).
    ///
    /// Refused: more than one document, duplicate keys, keys that are lists or mappings, tags that YAML does not
    /// define, and what exceeds `Limits`. `file` only names the source in errors.
    package static func document(
        _ text: Span<UInt8>, file: String
    ) throws(ConfigurationError) -> YAMLNode? {
        var errors: [ConfigurationError] = []
        let node = read(text, file: file, &errors)
        if let first = errors.first { throw first }
        return node
    }

    /// The same with all that is wrong. What was read in spite of it comes back too, so that more can be found in it.
    static func read(_ text: Span<UInt8>, file: String, _ errors: inout [ConfigurationError]) -> YAMLNode? {
        guard text.count <= Limits.bytesMax else {
            errors.append(
                ConfigurationError(
                    at: .init(file: file, line: 1, column: 1), "the file has \(text.count) bytes",
                    "the limit is \(Limits.bytesMax): split it"))
            return nil
        }
        if let offset = UTF8Check.firstInvalidOffset(text) {
            let place = position(ofByte: offset, in: text, file: file)
            errors.append(ConfigurationError(at: place, "the text is not valid UTF-8", "save it as UTF-8"))
            return nil
        }
        let events = YAMLEvents(text: text, file: file)
        var composer = YAMLComposer(file: file)
        defer { errors.insert(contentsOf: composer.problems, at: 0) }
        do throws(ConfigurationError) {
            return try composer.document(events)
        } catch {
            errors.append(error)
            return nil
        }
    }

    package static func document(_ text: String, file: String) throws(ConfigurationError) -> YAMLNode? {
        try document(Array(text.utf8).span, file: file)
    }

    static func position(ofByte offset: Int, in text: Span<UInt8>, file: String) -> ConfigurationPosition {
        var line = 1
        var column = 1
        for index in 0..<min(offset, text.count) {
            if text[index] == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if text[index] & 0xc0 != 0x80 {
                column += 1
            }
        }
        return ConfigurationPosition(file: file, line: line, column: column)
    }
}

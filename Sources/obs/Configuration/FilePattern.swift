import Encoding

/// One entry of `rule_files` or `scrape_config_files`: a path whose last part may have `*`.
struct FilePattern: Sendable {
    let position: ConfigurationPosition
    /// As it was written.
    let text: String
    let path: String

    static func read(_ section: YAMLSection, _ key: String, _ what: String) -> [FilePattern] {
        (section.list(key) ?? []).compactMap { node in
            guard let text = section.reader.string(node, "an entry of \(key)") else { return nil }
            guard isValid(text) else {
                section.reader.refuse(
                    node, "invalid \(what) path \(Quoted.text(text))", "only the last part of a path may have a *")
                return nil
            }
            return FilePattern(
                position: section.reader.position(of: node), text: text, path: section.reader.joined(text))
        }
    }

    private static func isValid(_ text: String) -> Bool {
        guard let star = text.firstIndex(of: "*") else { return true }
        return !text[star...].contains("/")
    }
}

import Encoding
import Glibc

/// The variables of the environment, where a configuration may name them: in the values of obs' own keys and of
/// `external_labels`. Prometheus' other keys are left alone, because `${1}` means a group in relabelling.
struct Environment: Sendable {
    let value: @Sendable (_ name: String) -> String?

    init(_ variables: [String: String]) { value = { variables[$0] } }

    private init(value: @escaping @Sendable (String) -> String?) { self.value = value }

    /// The environment of this process, which nobody changes while it runs.
    static let process = Environment { name in
        guard let text = unsafe getenv(name) else { return nil }
        return unsafe String(cString: text)
    }

    /// Keys of the top level that are obs' own; of `storage` all but what Prometheus has there.
    private static let ownKeys = ["auth", "tls", "logs", "alertmanager", "cluster", "oncall", "dashboards"]
    private static let prometheusStorageKeys = ["tsdb", "exemplars"]

    func expandOwnKeys(of section: YAMLSection) {
        expandKeys(of: section, Self.ownKeys)
        guard let storage = section.value("storage").flatMap({ section.reader.section($0, "storage") }) else { return }
        for key in storage.keys where !Self.prometheusStorageKeys.contains(key) {
            storage.replace(key) { expand($0, section.reader) }
        }
        section.replace("storage") { _ in storage.currentNode }
    }

    /// Replaces `${NAME}` in the values of these keys.
    ///
    /// - Parameter others: names that mean something else there, and stay.
    func expandKeys(of section: YAMLSection, _ keys: [String], leaving others: Set<String> = []) {
        for key in keys { section.replace(key) { expand($0, section.reader, leaving: others) } }
    }

    /// Replaces `${NAME}`. A variable that is not there is an error: an empty password would be worse.
    private func expand(_ node: YAMLNode, _ reader: YAMLReader, leaving others: Set<String> = []) -> YAMLNode {
        node.mapScalars { text, scalar in
            guard text.contains("${") else { return text }
            var result = ""
            var rest = text[...]
            while let start = rest.firstRange(of: "${"), let end = rest[start.upperBound...].firstIndex(of: "}") {
                let name = String(rest[start.upperBound..<end])
                result += rest[..<start.lowerBound]
                if others.contains(name) {
                    result += "${\(name)}"
                } else if let value = value(name) {
                    result += value
                } else {
                    reader.refuse(
                        scalar, "the environment has no variable \(Quoted.text(name))", "set it or write the value")
                }
                rest = rest[rest.index(after: end)...]
            }
            return result + rest
        }
    }

    /// Replaces `$NAME`, `${NAME}` and `$$` as Prometheus does in external labels; a missing variable is empty.
    func expandLabel(_ text: String, missing: (String) -> Void) -> String {
        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            result += rest[..<dollar]
            rest = rest[rest.index(after: dollar)...]
            guard let name = Self.takeName(&rest) else {
                result += "$"
                continue
            }
            if name == "$" {
                result += "$"
            } else if let value = value(name), !value.isEmpty {
                result += value
            } else {
                missing(name)
            }
        }
        return result + rest
    }

    private static func takeName(_ rest: inout Substring) -> String? {
        if rest.first == "$" {
            rest.removeFirst()
            return "$"
        }
        if rest.first == "{" {
            guard let end = rest.firstIndex(of: "}") else { return nil }
            let name = String(rest[rest.index(after: rest.startIndex)..<end])
            rest = rest[rest.index(after: end)...]
            return name.isEmpty ? nil : name
        }
        let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        rest = rest[name.endIndex...]
        return name.isEmpty ? nil : String(name)
    }
}

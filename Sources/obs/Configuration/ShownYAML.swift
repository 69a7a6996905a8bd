import Encoding

/// A YAML tree as text, with secrets left out: what `/api/v1/status/config` shows.
enum ShownYAML {
    /// - Parameter secrets: the places of nodes whose text is replaced.
    static func text(_ node: YAMLNode, file: String, hiding secrets: Set<ConfigurationPosition>) -> String {
        var writer = Writer(file: file, secrets: secrets)
        writer.write(node, indent: 0)
        return writer.text
    }

    private struct Writer {
        let file: String
        let secrets: Set<ConfigurationPosition>
        var text = ""

        /// Block style; what is empty or a scalar ends on the line where it began.
        mutating func write(_ node: YAMLNode, indent: Int) {
            switch node.content {
            case .scalar(let scalar):
                text += shown(scalar, node) + "\n"
            case .sequence(let nodes):
                for node in nodes {
                    margin(indent)
                    text += "-"
                    writeValue(node, indent: indent + 2)
                }
            case .mapping(let pairs):
                for pair in pairs {
                    margin(indent)
                    text += quoted(pair.key, isPlain: true) + ":"
                    writeValue(pair.value, indent: indent + 2)
                }
            }
        }

        /// Behind a dash or a colon.
        private mutating func writeValue(_ node: YAMLNode, indent: Int) {
            switch node.content {
            case .scalar:
                text += " "
                write(node, indent: indent)
            case .sequence(let nodes) where nodes.isEmpty: text += " []\n"
            case .mapping(let pairs) where pairs.isEmpty: text += " {}\n"
            default:
                text += "\n"
                write(node, indent: indent)
            }
        }

        private mutating func margin(_ indent: Int) { text += String(repeating: " ", count: indent) }

        private func shown(_ scalar: YAMLScalar, _ node: YAMLNode) -> String {
            let position = ConfigurationPosition(file: file, line: node.line, column: node.column)
            if secrets.contains(position) {
                // Who reads this on, as amtool does, takes nothing but an address for an address.
                return scalar.text.hasPrefix("http") && scalar.text.contains("://")
                    ? quoted("https://secret.invalid/", isPlain: false) : "<secret>"
            }
            return quoted(withoutPassword(scalar.text), isPlain: scalar.isPlain)
        }

        /// Quoted as JSON does, which YAML reads, unless it is plain and cannot be taken for something else.
        private func quoted(_ text: String, isPlain: Bool) -> String {
            let isHarmless = text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"),
                    UInt8(ascii: "-"):
                    true
                default: false
                }
            }
            if isPlain, isHarmless, !text.hasPrefix("-") || text.count > 1 { return text }
            var bytes: [UInt8] = []
            JSONText.append(string: text, to: &bytes)
            return String(decoding: bytes, as: UTF8.self)
        }

        /// `https://user:password@host` without the password.
        private func withoutPassword(_ text: String) -> String {
            guard let scheme = text.firstRange(of: "://") else { return text }
            let authority = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" }
            guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else {
                return text
            }
            return text[...colon] + "xxxxx" + text[at...]
        }
    }
}

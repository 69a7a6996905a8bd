import Encoding

/// A value that is written as YAML: texts always in quotes, so that none is read as something else.
indirect enum YAMLText {
    case text(String)
    /// A number or truth value as it is.
    case plain(String)
    case list([YAMLText])
    /// Without pairs it is left out.
    case map([(key: String, value: YAMLText)])

    static func texts(_ values: [String: String]) -> YAMLText {
        .map(values.sorted { $0.key < $1.key }.map { ($0.key, .text($0.value)) })
    }

    var isEmpty: Bool {
        switch self {
        case .text, .plain: false
        case .list(let items): items.isEmpty
        case .map(let pairs): pairs.isEmpty
        }
    }

    /// Lines, each with its end. Collections of scalars stand on one line.
    func lines(indent: Int = 0) -> String {
        let blank = String(repeating: " ", count: indent)
        switch self {
        case .text, .plain: return "\(blank)\(flow)\n"
        case .list(let items):
            return items.map { item in
                guard case .map(let pairs) = item, !pairs.isEmpty, !item.isShort else {
                    return "\(blank)- \(item.flow)\n"
                }
                return "\(blank)- " + item.lines(indent: indent + 2).dropFirst(indent + 2)
            }.joined()
        case .map(let pairs):
            return pairs.map { key, value in
                let name = Self.key(key)
                if value.isShort { return "\(blank)\(name): \(value.flow)\n" }
                return "\(blank)\(name):\n" + value.lines(indent: indent + 2)
            }.joined()
        }
    }

    private var isShort: Bool {
        switch self {
        case .text, .plain: true
        case .list(let items): items.allSatisfy(\.isScalar)
        case .map(let pairs): pairs.allSatisfy { $0.value.isScalar } && pairs.count <= 4
        }
    }

    private var isScalar: Bool {
        switch self {
        case .text, .plain: true
        case .list, .map: false
        }
    }

    private var flow: String {
        switch self {
        case .text(let text): return Self.quoted(text)
        case .plain(let text): return text
        case .list(let items): return "[" + items.map(\.flow).joined(separator: ", ") + "]"
        case .map(let pairs):
            return "{" + pairs.map { "\(Self.key($0.key)): \($0.value.flow)" }.joined(separator: ", ") + "}"
        }
    }

    private static func key(_ key: String) -> String {
        let isWord =
            !key.isEmpty && key.utf8.allSatisfy { (0x61...0x7a).contains($0 | 0x20) || $0 == UInt8(ascii: "_") }
        let isReserved = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(key.lowercased())
        return isWord && !isReserved ? key : quoted(key)
    }

    /// In the quotes of JSON, which YAML reads alike.
    private static func quoted(_ text: String) -> String {
        var writer = JSONWriter()
        writer.string(text)
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}

/// The part of a regular expression that `PatternShape` understands.
indirect enum PatternNode: Equatable {
    case text(String)
    /// `.*`, or `.+` with `nonEmpty`.
    case anything(nonEmpty: Bool)
    case sequence([PatternNode])
    case alternatives([PatternNode])
    /// A class, a repetition, ...: valid or not, RE2 decides.
    case unknown

    /// All texts that the node matches, or nil where they are not finite, unknown or more than `limit`. Alternatives
    /// alone do not count against the limit: the pattern's length bounds them.
    func literals(limit: Int) -> [String]? {
        switch self {
        case .text(let text): return [text]
        case .anything, .unknown: return nil
        case .alternatives(let nodes):
            var all: [String] = []
            for node in nodes {
                guard let some = node.literals(limit: limit) else { return nil }
                all += some
            }
            return all
        case .sequence(let nodes):
            var all = [""]
            for node in nodes {
                guard let tails = node.literals(limit: limit) else { return nil }
                if all == [""] {
                    all = tails
                    continue
                }
                guard all.count * tails.count <= limit || tails.count == 1 else { return nil }
                all = all.flatMap { head in tails.map { head + $0 } }
            }
            return all
        }
    }

    /// A sequence as one list in which neighbouring texts are joined.
    static func flattened(_ node: PatternNode) -> [PatternNode] {
        guard case .sequence(let nodes) = node else { return [node] }
        var parts: [PatternNode] = []
        for part in nodes.flatMap(flattened) {
            switch (parts.last, part) {
            case (_, .text("")): continue
            case (.text(let head)?, .text(let tail)): parts[parts.count - 1] = .text(head + tail)
            default: parts.append(part)
            }
        }
        return parts
    }
}

/// Reads a pattern into nodes. It gives up, with nil, on whatever it does not know for certain.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var index = 0
    private static let depthMax = 50

    init(_ pattern: String) { scalars = Array(pattern.unicodeScalars) }

    /// The whole pattern. `^` at its begin and `$` at its end say what anchoring says anyway, also where they belong
    /// to one alternative only.
    mutating func pattern() -> PatternNode? {
        if peek() == "^" { index += 1 }
        let body = alternatives(depth: 0)
        if peek() == "$" { index += 1 }
        guard let body, index == scalars.count else { return nil }
        return body
    }

    private func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
        index + ahead < scalars.count ? scalars[index + ahead] : nil
    }

    private mutating func alternatives(depth: Int) -> PatternNode? {
        guard depth < Self.depthMax, let first = sequence(depth: depth) else { return nil }
        var nodes = [first]
        while peek() == "|" {
            index += 1
            guard let next = sequence(depth: depth) else { return nil }
            nodes.append(next)
        }
        return nodes.count == 1 ? first : .alternatives(nodes)
    }

    private mutating func sequence(depth: Int) -> PatternNode? {
        var nodes: [PatternNode] = []
        while let next = peek(), next != "|", next != ")", next != "$" {
            guard let atom = atom(depth: depth), let node = repeated(atom) else { return nil }
            nodes.append(node)
        }
        return nodes.count == 1 ? nodes[0] : nodes.isEmpty ? .text("") : .sequence(nodes)
    }

    /// An atom with the repetition behind it.
    private mutating func repeated(_ atom: PatternNode) -> PatternNode? {
        guard let sign = peek(), Self.repetitions.contains(sign) else { return atom == Self.dot ? .unknown : atom }
        guard takeRepetition() else { return nil }
        if peek() == "?" { index += 1 }
        if let next = peek(), Self.repetitions.contains(next) { return nil }
        switch sign {
        case "*" where atom == Self.dot, "+" where atom == Self.dot: return .anything(nonEmpty: sign == "+")
        case "?" where atom != Self.dot: return .alternatives([atom, .text("")])
        default: return .unknown
        }
    }

    /// Passes over `*`, `+`, `?` or a count in braces.
    private mutating func takeRepetition() -> Bool {
        index += 1
        guard scalars[index - 1] == "{" else { return true }
        guard let first = peek(), ("0"..."9").contains(first) else { return false }
        while let scalar = peek(), ("0"..."9").contains(scalar) || scalar == "," { index += 1 }
        guard peek() == "}" else { return false }
        index += 1
        return true
    }

    private static let repetitions: Set<Unicode.Scalar> = ["*", "+", "?", "{"]

    /// Stands for a `.` until the repetition behind it is known.
    private static let dot = PatternNode.sequence([.unknown, .unknown, .unknown])

    private mutating func atom(depth: Int) -> PatternNode? {
        guard let scalar = peek() else { return nil }
        index += 1
        switch scalar {
        case ".": return Self.dot
        case "(": return group(depth: depth)
        case "[": return characterClass()
        case "\\": return escape()
        case "*", "+", "?", "{", "^": return nil
        default: return .text(String(Character(scalar)))
        }
    }

    private mutating func group(depth: Int) -> PatternNode? {
        if peek() == "?" {
            guard peek(1) == ":" else { return nil }
            index += 2
        }
        guard let body = alternatives(depth: depth + 1), peek() == ")" else { return nil }
        index += 1
        return body
    }

    /// An escaped sign of punctuation is a text, a class such as `\d` is unknown.
    private mutating func escape() -> PatternNode? {
        guard let scalar = peek(), scalar.isASCII else { return nil }
        index += 1
        if ["d", "D", "s", "S", "w", "W", "b", "B"].contains(scalar) { return .unknown }
        return Self.isPunctuation(scalar) ? .text(String(Character(scalar))) : nil
    }

    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value > 0x20 && scalar.value < 0x7f && !scalar.properties.isAlphabetic
            && !("0"..."9").contains(scalar)
    }

    /// A class of single ASCII characters (`[abc]`) is a list of texts, any other unknown.
    private mutating func characterClass() -> PatternNode? {
        var members: [PatternNode]? = []
        if peek() == "^" {
            members = nil
            index += 1
        }
        let start = index
        while let scalar = peek(), scalar != "]" || index == start {
            index += 1
            switch scalar {
            case "[": return nil
            case "\\":
                guard let escaped = escape() else { return nil }
                if case .text = escaped { members?.append(escaped) } else { members = nil }
            case "-": members = nil
            default:
                if scalar.isASCII { members?.append(.text(String(Character(scalar)))) } else { members = nil }
            }
        }
        guard peek() == "]" else { return nil }
        index += 1
        guard let members else { return .unknown }
        return members.count == 1 ? members[0] : .alternatives(members)
    }
}

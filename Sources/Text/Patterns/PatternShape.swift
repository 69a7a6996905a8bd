/// What an anchored pattern amounts to, where it can be told without running it.
///
/// Most patterns in selectors are lists of names (`a|b|c`) or names with `.*` around them. These forms are matched by
/// comparing bytes, and lists let an index look values up instead of trying each one.
package enum PatternShape: Sendable, Equatable {
    /// Exactly these texts, sorted, each once.
    case literals([String])
    /// `.*`, or `.+` with `nonEmpty`.
    case anything(nonEmpty: Bool)
    /// `text.*`, or `text.+` with `more`.
    case prefix(String, more: Bool)
    /// `.*text`, or `.+text` with `more`.
    case suffix(String, more: Bool)
    /// `.*text.*`
    case containing(String)
    /// Anything else; every match begins with `prefix`, which may be empty.
    case other(prefix: String)

    /// The shape of a pattern in which `.` takes anything and which has to match all of a text.
    package init(of pattern: String) {
        var parser = PatternParser(pattern)
        guard let node = parser.pattern() else {
            self = .other(prefix: "")
            return
        }
        if let literals = node.literals(limit: Self.literalsMax) {
            self = .literals(Self.sortedOnce(literals))
            return
        }
        self = Self.shape(of: PatternNode.flattened(node))
    }

    /// Bytewise, because equality of strings would take different spellings of one letter for the same.
    private static func sortedOnce(_ texts: [String]) -> [String] {
        var sorted: [String] = []
        for text in texts.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            if let last = sorted.last, last.utf8.elementsEqual(text.utf8) { continue }
            sorted.append(text)
        }
        return sorted
    }

    /// Bound on the texts that alternatives in a row may multiply to; a plain list of names may be longer.
    static let literalsMax = 256

    private static func shape(of parts: [PatternNode]) -> PatternShape {
        switch parts.count {
        case 1:
            if case .anything(let nonEmpty) = parts[0] { return .anything(nonEmpty: nonEmpty) }
        case 2:
            if case .text(let text) = parts[0], case .anything(let more) = parts[1] {
                return .prefix(text, more: more)
            }
            if case .anything(let more) = parts[0], case .text(let text) = parts[1] {
                return .suffix(text, more: more)
            }
        case 3:
            if case .anything(false) = parts[0], case .text(let text) = parts[1], case .anything(false) = parts[2] {
                return .containing(text)
            }
        default: break
        }
        if case .text(let prefix)? = parts.first { return .other(prefix: prefix) }
        return .other(prefix: "")
    }
}

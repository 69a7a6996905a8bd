import Encoding

/// Texts of which one stands in every text that a pattern is found in: what can be searched for at memory speed before, or
/// instead of, running the pattern.
package struct PatternNeedles: Sendable, Equatable {
    /// Any of these. In lower case where case does not matter.
    package let texts: [String]
    /// Whether the pattern is found wherever one of them stands.
    package let isExact: Bool
    /// Whether letters of ASCII count in either case.
    package let foldsCase: Bool

    private static let textsMax = 16
    private static let folding = "(?i)"

    /// Nil where nothing can be told.
    package init?(of pattern: String) {
        foldsCase = pattern.hasPrefix(Self.folding)
        let rest = foldsCase ? String(pattern.dropFirst(Self.folding.count)) : pattern
        var parser = PatternParser(rest)
        guard let node = parser.pattern(), !foldsCase || rest.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let all = node.literals(limit: Self.textsMax)
        isExact = all != nil && !Self.mayAssert(pattern)
        guard let needles = all ?? Self.needles(of: node), !needles.isEmpty, needles.count <= Self.textsMax,
            !needles.contains("")
        else { return nil }
        texts = foldsCase ? needles.map { $0.lowercased() } : needles
    }

    /// Whether a pattern may hold what looks at the place of a match rather than at its text.
    package static func mayAssert(_ pattern: String) -> Bool {
        if pattern.contains("^") || pattern.contains("$") { return true }
        return [#"\b"#, #"\B"#, #"\A"#, #"\z"#].contains { pattern.contains($0) }
    }

    /// Any of which must stand in what the node matches; nil where none must.
    private static func needles(of node: PatternNode) -> [String]? {
        switch node {
        case .text(let text): return text.isEmpty ? nil : [text]
        case .anything, .unknown: return nil
        case .alternatives(let nodes):
            var all: [String] = []
            for node in nodes {
                guard let own = needles(of: node) else { return nil }
                all += own
            }
            return all
        case .sequence:
            let parts = PatternNode.flattened(node).map { part -> [String]? in
                if case .sequence = part { return nil }
                return needles(of: part)
            }
            return parts.compactMap { $0 }.filter { $0.count <= textsMax }.max { worth($0) < worth($1) }
        }
    }

    /// The more bytes are sure to be there, the rarer they are.
    private static func worth(_ needles: [String]) -> Int { needles.map(\.utf8.count).min() ?? 0 }
}

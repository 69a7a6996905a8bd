/// File name patterns with the syntax of Go's `path.Match`: `*`, `?`, `[a-z]`, `[^a-z]` and `\` before a sign that
/// stands for itself. `*` and `?` stop at a slash.
package struct Glob: Sendable {
    private enum Part {
        case literal(Character)
        case one
        case many
        case members([ClosedRange<Character>], isNegated: Bool)
    }

    private let parts: [Part]
    /// False where the pattern is a plain name.
    package let hasWildcards: Bool

    /// Nil where a class or an escape has no end.
    package init?(_ pattern: String) {
        var parts: [Part] = []
        var rest = Substring(pattern)
        while let character = rest.popFirst() {
            switch character {
            case "*": parts.append(.many)
            case "?": parts.append(.one)
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                parts.append(.literal(escaped))
            case "[":
                guard let members = Self.members(&rest) else { return nil }
                parts.append(members)
            default: parts.append(.literal(character))
            }
        }
        self.parts = parts
        hasWildcards = parts.contains { if case .literal = $0 { false } else { true } }
    }

    package func matches(_ name: String) -> Bool {
        let name = Array(name)
        var place = 0
        var index = 0
        /// Where to go on when the last `*` has to take one character more.
        var retry: (place: Int, index: Int)?
        while index < name.count || place < parts.count {
            if place < parts.count, case .many = parts[place] {
                retry = (place, index + 1)
                place += 1
            } else if place < parts.count, index < name.count, Self.takes(parts[place], name[index]) {
                place += 1
                index += 1
            } else if let back = retry, back.index <= name.count, name[back.index - 1] != "/" {
                place = back.place
                index = back.index
                retry = nil
                continue
            } else {
                return false
            }
        }
        return true
    }

    private static func takes(_ part: Part, _ character: Character) -> Bool {
        switch part {
        case .literal(let literal): literal == character
        case .one: character != "/"
        case .many: false
        case .members(let ranges, let isNegated):
            character != "/" && ranges.contains { $0.contains(character) } != isNegated
        }
    }

    private static func members(_ rest: inout Substring) -> Part? {
        let isNegated = rest.first == "^"
        if isNegated { rest.removeFirst() }
        var ranges: [ClosedRange<Character>] = []
        while rest.first != "]" || ranges.isEmpty {
            guard let low = member(&rest) else { return nil }
            var high = low
            if rest.first == "-" {
                rest.removeFirst()
                guard let last = member(&rest), last >= low else { return nil }
                high = last
            }
            ranges.append(low...high)
        }
        rest.removeFirst()
        return .members(ranges, isNegated: isNegated)
    }

    private static func member(_ rest: inout Substring) -> Character? {
        guard let character = rest.popFirst(), character != "-", character != "]" else { return nil }
        return character == "\\" ? rest.popFirst() : character
    }
}

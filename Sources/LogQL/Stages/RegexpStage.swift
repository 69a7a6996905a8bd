import Text

/// `| regexp "(?P<method>\w+) ..."`: the named groups become labels.
struct RegexpStage: ParserStage {
    static let keywords = ["regexp"]

    let pattern: String
    private let expression: RegularExpression
    private let groups: [(name: [UInt8], group: Int)]

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage {
        let token = parser.token
        let pattern = try parser.string()
        if let repeated = repeatedGroup(pattern) {
            throw parser.failure("invalid regexp parser: duplicate extracted label name '\(repeated)'", at: token)
        }
        let expression = try parser.expression(pattern, at: token, "invalid regexp parser: ")
        let groups = expression.groupNames
        if groups.isEmpty {
            throw parser.failure("invalid regexp parser: at least one named capture must be supplied", at: token)
        }
        for group in groups where !LabelNames.isValid(group.name) {
            throw parser.failure("invalid regexp parser: invalid extracted label name '\(group.name)'", at: token)
        }
        return RegexpStage(
            pattern: pattern, expression: expression, groups: groups.map { (Array($0.name.utf8), $0.group) })
    }

    /// A name that two groups have, which the expression itself would refuse in words that nobody finds.
    private static func repeatedGroup(_ pattern: String) -> String? {
        var names: Set<Substring> = []
        var rest = pattern[...]
        while let open = rest.firstIndex(of: "(") {
            rest = rest[rest.index(after: open)...]
            guard rest.hasPrefix("?P<") || rest.hasPrefix("?<"), let start = rest.firstIndex(of: "<"),
                let end = rest.firstIndex(of: ">")
            else { continue }
            let name = rest[rest.index(after: start)..<max(end, rest.index(after: start))]
            if !names.insert(name).inserted { return String(name) }
        }
        return nil
    }

    var text: String { "regexp " + QueryText.quoted(pattern) }
    var read: [String]? { [] }

    func run(_ entry: PipelineEntry) -> Bool {
        guard expression.captures(in: entry.line.span, into: &entry.captures) else { return true }
        for group in groups {
            guard let range = entry.captures[group.group] else { continue }
            entry.labels.extract(group.name.span, entry.line.span.extracting(range), wanted: entry.wanted)
        }
        return true
    }
}

package import Encoding
import Model
import Text

/// `match`: runs `stages` over entries whose labels and line are as it says, or leaves them out with `drop: true`.
package struct MatchStage: LogStage {
    package static let key = "match"

    private let matchers: [Matcher]
    private let line: RegularExpression?
    private let lineNot: RegularExpression?
    private let stages: [any LogStage]
    private let drops: Bool

    /// `{labels: {app: api}, matchers: ['env=~"prod|test"'], line: error, line_not: debug, stages: [...]}`
    package init(_ section: YAMLSection) {
        var matchers = section.texts("labels").sorted { $0.key < $1.key }.map { Matcher($0.key, equals: $0.value) }
        for text in section.strings("matchers") ?? [] {
            if let matcher = Self.matcher(text) {
                matchers.append(matcher)
            } else {
                section.refuse(at: "matchers", "\(Quoted.text(text)) is no matcher", #"write such as env=~"a|b""#)
            }
        }
        self.matchers = matchers
        line = section.expression("line")
        lineNot = section.expression("line_not")
        stages = LogStages.read(section, "stages")
        drops = section.bool("drop") ?? false
        if stages.isEmpty, !drops { section.refuse("match has nothing to do", "write stages: [...] or drop: true") }
        section.finish()
    }

    /// `name="value"` with one of the four operators.
    private static func matcher(_ text: String) -> Matcher? {
        guard let sign = text.firstIndex(where: { "=!".contains($0) }) else { return nil }
        let name = text[..<sign].filter { !$0.isWhitespace }
        var rest = text[sign...]
        var found: Matcher.Operation?
        let operations: [(String, Matcher.Operation)] = [
            ("=~", .matches), ("!~", .notMatches), ("!=", .notEqual), ("=", .equal),
        ]
        for (sign, operation) in operations where rest.hasPrefix(sign) {
            rest = rest.dropFirst(sign.count)
            found = operation
            break
        }
        rest = rest.drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        guard let found, !name.isEmpty, rest.count >= 2, rest.first == rest.last, "\"'`".contains(rest.first ?? " ")
        else { return nil }
        return try? Matcher(String(name), found, String(rest.dropFirst().dropLast()))  // a wrong pattern is no matcher
    }

    package var metrics: [LineMetric] { stages.flatMap(\.metrics) }

    package func run(_ entry: inout StagedEntry) -> Bool {
        for matcher in matchers where !matcher.matches(entry.labels[matcher.name].utf8.span) { return true }
        if let line, !line.matches(entry.line.span) { return true }
        if let lineNot, lineNot.matches(entry.line.span) { return true }
        if drops { return false }
        for stage in stages where !stage.run(&entry) { return false }
        return true
    }
}

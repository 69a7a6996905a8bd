import Text

/// `| pattern "<ip> - <_>"`: the named captures become labels.
struct PatternStage: ParserStage {
    static let keywords = ["pattern"]

    let source: String
    private let pattern: LinePattern

    static func parse(_ keyword: Token, _ parser: inout QueryParser) throws(LogQLError) -> any Stage {
        let token = parser.token
        let source = try parser.string()
        do throws(LinePattern.Failure) {
            return PatternStage(source: source, pattern: try LinePattern(parsing: source))
        } catch {
            throw parser.failure("invalid pattern parser: " + error.message, at: token)
        }
    }

    var text: String { "pattern " + QueryText.quoted(source) }
    var read: [String]? { [] }

    func run(_ entry: PipelineEntry) -> Bool {
        for (name, range) in pattern.captures(in: entry.line.span) {
            entry.labels.extract(name.span, entry.line.span.extracting(range), wanted: entry.wanted)
        }
        return true
    }
}

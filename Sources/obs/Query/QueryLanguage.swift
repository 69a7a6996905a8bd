import PromQL

/// The language of an expression, which decides whom the server asks.
enum QueryLanguage: String, CaseIterable, Sendable {
    case promql, logql

    /// What a text is that nobody has named the language of: LogQL where only that has such a thing.
    init(of expression: String) {
        let isPromQL = (try? Parser.parse(expression)) != nil  // what it says of a text of another language is no news
        self = !isPromQL && Self.hasLogPipeline(expression) ? .logql : .promql
    }

    /// Before `/query` and `/query_range`.
    var pathPrefix: String {
        switch self {
        case .promql: "/api/v1"
        case .logql: "/loki/api/v1"
        }
    }

    /// A bar outside of strings, or a line filter behind braces: PromQL has neither.
    private static func hasLogPipeline(_ expression: String) -> Bool {
        var quote: Character?
        var isEscaped = false
        var last: Character = " "
        var isFilter = false
        for character in expression {
            if let open = quote {
                if isEscaped {
                    isEscaped = false
                } else if character == "\\", open != "`" {
                    isEscaped = true
                } else if character == open {
                    quote = nil
                }
                continue
            }
            switch character {
            case "\"", "'", "`": quote = character
            case "|": return true
            case "!": isFilter = last == "}"
            case "=", "~": if isFilter, last == "!" { return true }
            default: break
            }
            if !character.isWhitespace { last = character }
        }
        return false
    }
}

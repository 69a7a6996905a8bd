/// Why a text is no PromQL.
package struct ParseError: Error, Sendable, Equatable {
    package var message: String
    package var position: PositionRange
    package var query: String

    /// The sentence, then the line with a caret under the place.
    package var withCaret: String { "\(description)\n\(position.caret(in: query))" }
}

extension ParseError: CustomStringConvertible {
    package var description: String {
        let place = query.isEmpty ? "unknown position" : position.lineAndColumn(in: query)
        return "\(place): parse error: \(message)"
    }
}

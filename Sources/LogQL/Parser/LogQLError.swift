package import PromQL

/// Why a text is no LogQL, in Loki's words.
package struct LogQLError: Error, Sendable, Equatable {
    package var message: String
    /// Nil where the fault is not at one place of the text.
    package var position: PositionRange?
    package var query: String

    /// The sentence, then the line with a caret under the place.
    package var withCaret: String {
        guard let position else { return description }
        return "\(description)\n\(position.caret(in: query))"
    }
}

extension LogQLError: CustomStringConvertible {
    package var description: String {
        guard let position else { return "parse error : \(message)" }
        let place = position.lineAndColumn(in: query).split(separator: ":")
        return "parse error at line \(place[0]), col \(place[1]): \(message)"
    }
}

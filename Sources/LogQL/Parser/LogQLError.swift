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
        let line = position.lineAndColumn(in: query).split(separator: ":")[0]
        // Columns are counted in characters.
        let before = String(decoding: query.utf8.prefix(position.start), as: UTF8.self).unicodeScalars
        let column =
            before.count
            - (before.lastIndex(of: "\n").map { before.distance(from: before.startIndex, to: $0) + 1 } ?? 0)
        return "parse error at line \(line), col \(column + 1): \(message)"
    }
}

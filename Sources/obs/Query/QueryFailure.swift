import Encoding
import HTTP
import PromQL

/// The error that a server answers with, shown beside the expression.
struct QueryFailure: Error, Equatable, CustomStringConvertible {
    let description: String

    /// Nil where the answer is none of the query API.
    ///
    /// - Parameter columns: of the terminal, for the line above the caret.
    init?(_ response: ClientResponse, expression: String, columns: Int) {
        guard let tree = try? JSONValue.parse(response.body.span),  // then it is no answer of the API
            tree["errorType"]?.text != nil, let sentence = tree["error"]?.text
        else { return nil }
        self.init(sentence: sentence, expression: expression, columns: columns)
    }

    /// Puts a caret under the place that the sentence names as `line:column: parse error`.
    init(sentence: String, expression: String, columns: Int) {
        let printable = sentence.split(separator: "\n").map { DisplayWidth.printable(String($0)) }
            .joined(separator: "\n")
        guard let place = Self.place(in: sentence, of: expression) else {
            description = printable
            return
        }
        let end = place.sentence.split(separator: "\n").map { DisplayWidth.printable(String($0)) }
            .joined(separator: "\n")
        description = "\(end)\n\(Self.marked(expression, at: place.offset, columns: columns))"
    }

    /// The sentence from the place on, and where the place is, in bytes.
    private static func place(in sentence: String, of expression: String) -> (sentence: String, offset: Int)? {
        guard let error = sentence.firstRange(of: ": parse error") else { return nil }
        let named = sentence[..<error.lowerBound].reversed().prefix { $0 == ":" || ("0"..."9").contains($0) }
        let numbers = sentence[named.endIndex.base..<error.lowerBound].split(separator: ":").suffix(2)
        guard numbers.count == 2, let line = numbers.first.flatMap({ Int($0) }), line >= 1,
            let column = numbers.last.flatMap({ Int($0) }), column >= 1
        else { return nil }
        var lineStart = 0
        let lines = expression.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        guard line <= lines.count else { return nil }
        for before in lines[..<(line - 1)] { lineStart += before.count + 1 }
        return (
            String(sentence[numbers.first!.startIndex...]), lineStart + min(column - 1, lines[line - 1].count)
        )
    }

    /// The line of the place with a caret under it; of a line wider than the terminal the part around the place.
    private static func marked(_ expression: String, at offset: Int, columns: Int) -> String {
        let bytes = Array(expression.utf8)
        let newline = UInt8(ascii: "\n")
        let start = bytes[..<offset].lastIndex(of: newline).map { $0 + 1 } ?? 0
        let end = bytes[offset...].firstIndex(of: newline) ?? bytes.count
        var before = DisplayWidth.printable(String(decoding: bytes[start..<offset], as: UTF8.self))
        let after = DisplayWidth.printable(String(decoding: bytes[offset..<end], as: UTF8.self))
        let room = columns - 2
        if DisplayWidth.of(before) + DisplayWidth.of(after) > room {
            while DisplayWidth.of(before) > room * 2 / 3 { before = "…" + before.dropFirst(2) }
        }
        let line = DisplayWidth.cut(before + after, to: room)
        return "  \(line)\n  \(String(repeating: " ", count: DisplayWidth.of(before)))^"
    }
}

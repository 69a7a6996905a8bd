/// A part of a query's text, in UTF-8 bytes from its start.
package struct PositionRange: Sendable, Equatable, Hashable {
    package var start: Int
    package var end: Int

    package init(start: Int, end: Int) {
        self.start = start
        self.end = end
    }

    package init(from first: PositionRange, to last: PositionRange) {
        self.init(start: first.start, end: last.end)
    }

    /// `line:column` of the start, both from 1, columns in bytes.
    package func lineAndColumn(in text: String) -> String {
        let before = text.utf8.prefix(max(0, start))
        let line = before.reduce(1) { $1 == UInt8(ascii: "\n") ? $0 + 1 : $0 }
        let lineStart = before.lastIndex(of: UInt8(ascii: "\n")).map { before.index(after: $0) } ?? before.startIndex
        return "\(line):\(before.distance(from: lineStart, to: before.endIndex) + 1)"
    }

    /// The line of the start with a caret under the place, for terminals.
    package func caret(in text: String) -> String {
        let bytes = Array(text.utf8)
        let place = min(max(0, start), bytes.count)
        let newline = UInt8(ascii: "\n")
        let lineStart = bytes[..<place].lastIndex(of: newline).map { $0 + 1 } ?? 0
        let lineEnd = bytes[place...].firstIndex(of: newline) ?? bytes.count
        let indent = bytes[lineStart..<place].map { $0 == UInt8(ascii: "\t") ? $0 : UInt8(ascii: " ") }
        let width = String(decoding: bytes[lineStart..<place], as: UTF8.self).count
        return String(decoding: bytes[lineStart..<lineEnd], as: UTF8.self) + "\n"
            + String(String(decoding: indent, as: UTF8.self).prefix(width)) + "^"
    }
}

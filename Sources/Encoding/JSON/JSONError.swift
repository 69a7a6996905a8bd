/// Why a JSON text was refused, and where. Line and column count from 1, the column in bytes.
package struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
    package let what: String
    /// Bytes before the place.
    package let offset: Int
    package let line: Int
    package let column: Int

    init(_ what: String, at offset: Int, in bytes: Span<UInt8>) {
        self.what = what
        self.offset = offset
        var line = 1
        var lineStart = 0
        for index in 0..<min(offset, bytes.count) where bytes[index] == UInt8(ascii: "\n") {
            line += 1
            lineStart = index + 1
        }
        self.line = line
        column = offset - lineStart + 1
    }

    package var description: String { "not valid JSON at line \(line), column \(column): \(what)" }
}

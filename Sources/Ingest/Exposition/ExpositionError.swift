/// Why a page of metrics cannot be read, and on which line.
package struct ExpositionError: Error, Sendable, Equatable {
    /// Counted from 1; of a page in protobuf the message.
    package let line: Int
    package let reason: String

    package init(line: Int, _ reason: String) {
        self.line = line
        self.reason = reason
    }
}

extension ExpositionError: CustomStringConvertible {
    package var description: String { "line \(line): \(reason)" }
}

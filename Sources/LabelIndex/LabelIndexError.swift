/// Stored bytes of a label index that are not what they should be.
package struct LabelIndexError: Error, Equatable, CustomStringConvertible {
    package let offset: Int
    package let reason: String

    init(_ reason: String, at offset: Int) {
        self.offset = offset
        self.reason = reason
    }

    package var description: String { "the label index is corrupt at offset \(offset): \(reason)" }
}

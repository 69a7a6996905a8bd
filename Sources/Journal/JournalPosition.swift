/// A place in the journal, counted in bytes since its beginning. It only grows, over segments, restarts and damage, so
/// a part can say up to which position it holds what was written.
package struct JournalPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let value: UInt64

    package init(_ value: UInt64) {
        self.value = value
    }

    /// Before the first record of all.
    package static let start = JournalPosition(0)

    package static func < (a: JournalPosition, b: JournalPosition) -> Bool { a.value < b.value }

    func advanced(by bytes: Int) -> JournalPosition { JournalPosition(value + UInt64(bytes)) }

    /// Bytes from `other` to here.
    func bytes(since other: JournalPosition) -> Int { Int(value - other.value) }

    package var description: String { String(value) }
}

package import Posix

/// An answer in pieces that many threads may ask for at once and in any order: that of a request without an order and a
/// limit. What was visible when it was made is told, and nothing that came later.
package struct LogPieces: Sendable {
    package let count: Int
    /// Threads that may help to ask.
    package let workers: Workers
    private let read: @Sendable (_ piece: Int, _ block: inout LogBlock) throws(StorageError) -> Void

    package init(
        count: Int, workers: Workers,
        read: @escaping @Sendable (_ piece: Int, _ block: inout LogBlock) throws(StorageError) -> Void
    ) {
        (self.count, self.workers, self.read) = (count, workers, read)
    }

    /// Replaces what `block` holds by the entries of a piece, which may be none.
    package func read(_ piece: Int, into block: inout LogBlock) throws(StorageError) { try read(piece, &block) }
}

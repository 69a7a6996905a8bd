import Synchronization

/// The memory that all queries of a process may hold together. Queries take from it as they grow and give back what they
/// took when their answer is sent.
package final class QueryMemory: Sendable {
    package let limitBytes: Int
    private let held = Atomic<Int>(0)

    /// So much of the whole only queries that hold little may take, so that large ones never leave them nothing.
    private static let smallShare = 8
    /// What a query that holds little holds at most.
    private static let smallBytes = 4 << 20

    package init(limitBytes: Int) { self.limitBytes = limitBytes }

    package var heldBytes: Int { held.load(ordering: .relaxed) }

    /// False, with nothing taken, where that is more than is left for a query that holds `holding` already.
    func take(_ bytes: Int, holding: Int) -> Bool {
        let limit = holding + bytes > Self.smallBytes ? limitBytes - limitBytes / Self.smallShare : limitBytes
        let total = held.wrappingAdd(bytes, ordering: .relaxed).newValue
        if total <= limit { return true }
        held.wrappingSubtract(bytes, ordering: .relaxed)
        return false
    }

    func giveBack(_ bytes: Int) { held.wrappingSubtract(bytes, ordering: .relaxed) }
}

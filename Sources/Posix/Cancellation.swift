package import Synchronization

/// A flag that ends work early: a client that went away, a killed query, a deadline. Raised once, never lowered.
package final class Cancellation: Sendable {
    @usableFromInline let raised = Atomic<Bool>(false)

    package init() {}

    @inlinable package var isRaised: Bool { raised.load(ordering: .relaxed) }
    @inlinable package func raise() { raised.store(true, ordering: .relaxed) }
}

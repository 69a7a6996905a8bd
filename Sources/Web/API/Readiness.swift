import Synchronization

/// Whether the server answers queries completely: raised once everything acknowledged is visible, lowered while it
/// stops. `/-/ready` shows it.
package final class Readiness: Sendable {
    private let isRaised = Atomic<Bool>(false)

    package init() {}

    package var isReady: Bool {
        get { isRaised.load(ordering: .acquiring) }
        set { isRaised.store(newValue, ordering: .releasing) }
    }
}

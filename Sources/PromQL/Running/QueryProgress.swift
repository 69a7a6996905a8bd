package import Posix
import Synchronization

/// How far a query has come, for those who watch it while it runs, and the way to end it.
package final class QueryProgress: Sendable {
    package let cancellation: Cancellation
    private let samplesReadTotal = Atomic<Int>(0)
    private let samplesPeak = Atomic<Int>(0)
    private let bytesHeld = Atomic<Int>(0)
    private let bytesPeak = Atomic<Int>(0)

    /// What the principal's queries hold together; nil where nobody counts that.
    let share: PrincipalShare?

    package init(cancellation: Cancellation = Cancellation(), share: PrincipalShare? = nil) {
        self.cancellation = cancellation
        self.share = share
    }

    /// Samples that the store has given so far.
    package var samplesRead: Int { samplesReadTotal.load(ordering: .relaxed) }
    /// The most samples and cells that were in memory at once.
    package var peakSamples: Int { samplesPeak.load(ordering: .relaxed) }
    package var heldBytes: Int { bytesHeld.load(ordering: .relaxed) }
    /// The most bytes that were held at once.
    package var peakBytes: Int { bytesPeak.load(ordering: .relaxed) }

    package func noteRead(_ samples: Int) { samplesReadTotal.wrappingAdd(samples, ordering: .relaxed) }

    func note(samples: Int) {
        if samples > samplesPeak.load(ordering: .relaxed) { samplesPeak.store(samples, ordering: .relaxed) }
    }

    func note(bytes: Int) {
        bytesHeld.store(bytes, ordering: .relaxed)
        if bytes > bytesPeak.load(ordering: .relaxed) { bytesPeak.store(bytes, ordering: .relaxed) }
    }
}

import Synchronization

/// What all queries of one principal hold together, against what they may.
package final class PrincipalShare: Sendable {
    package struct Limits: Sendable {
        package var memoryMaxBytes = Int.max
        package var samplesMax = Int.max

        package init() {}
    }

    let limits: Limits
    private let bytes = Atomic<Int>(0)
    private let samples = Atomic<Int>(0)

    init(_ limits: Limits) { self.limits = limits }

    /// False, with nothing taken, where that is more than is left.
    func take(bytes count: Int) -> Bool { Self.take(count, of: bytes, limit: limits.memoryMaxBytes) }

    /// False, with nothing taken, where that is more than is left.
    func take(samples count: Int) -> Bool { Self.take(count, of: samples, limit: limits.samplesMax) }

    func giveBack(bytes count: Int) { bytes.wrappingSubtract(count, ordering: .relaxed) }

    func giveBack(samples count: Int) { samples.wrappingSubtract(count, ordering: .relaxed) }

    private static func take(_ count: Int, of held: borrowing Atomic<Int>, limit: Int) -> Bool {
        if held.wrappingAdd(count, ordering: .relaxed).newValue <= limit { return true }
        held.wrappingSubtract(count, ordering: .relaxed)
        return false
    }
}

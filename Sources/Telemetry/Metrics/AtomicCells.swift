import Synchronization

/// A fixed row of 64-bit cells that many threads add to.
///
/// An `Array` cannot hold `Atomic`, which is not copyable, so this one file owns the memory itself.
@safe
final class AtomicCells: @unchecked Sendable {  // every access to a cell is atomic; the base never changes
    private let base: UnsafeMutablePointer<Atomic<UInt64>>
    let count: Int

    init(count: Int) {
        precondition(count > 0, "BUG: a row of atomic cells needs at least one cell")
        self.count = count
        unsafe base = UnsafeMutablePointer<Atomic<UInt64>>.allocate(capacity: count)
        for index in 0..<count { unsafe (base + index).initialize(to: Atomic(0)) }
    }

    deinit {
        unsafe base.deinitialize(count: count)
        unsafe base.deallocate()
    }

    func add(_ amount: UInt64, at index: Int) {
        precondition(index >= 0 && index < count, "BUG: cell out of range")
        unsafe base[index].wrappingAdd(amount, ordering: .relaxed)
    }

    func load(_ index: Int) -> UInt64 {
        precondition(index >= 0 && index < count, "BUG: cell out of range")
        return unsafe base[index].load(ordering: .relaxed)
    }
}

package import Glibc

/// A lock that many readers hold at once, or one writer. For state that is read on every request and changed seldom.
///
/// Writers go first, so that a stream of readers cannot keep them out; so a reader must not take it twice.
@safe
package final class SharedLock<State: ~Copyable>: @unchecked Sendable {  // the lock orders every write to `state`
    @usableFromInline let lock = UnsafeMutablePointer<pthread_rwlock_t>.allocate(capacity: 1)
    @usableFromInline let state = UnsafeMutablePointer<State>.allocate(capacity: 1)

    package init(_ initial: consuming sending State) {
        let preferWriters: Int32 = 2  // PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP, unknown to the Glibc module
        var attributes = pthread_rwlockattr_t()
        unsafe pthread_rwlockattr_init(&attributes)
        unsafe pthread_rwlockattr_setkind_np(&attributes, preferWriters)
        unsafe pthread_rwlock_init(lock, &attributes)
        unsafe pthread_rwlockattr_destroy(&attributes)
        unsafe state.initialize(to: initial)
    }

    deinit {
        unsafe pthread_rwlock_destroy(lock)
        unsafe lock.deallocate()
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    @inlinable
    package func read<Result: ~Copyable, Failure: Error>(
        _ body: (borrowing State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_rwlock_rdlock(lock)
        defer { unsafe pthread_rwlock_unlock(lock) }
        return try unsafe body(state.pointee)
    }

    @inlinable
    package func write<Result: ~Copyable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        unsafe pthread_rwlock_wrlock(lock)
        defer { unsafe pthread_rwlock_unlock(lock) }
        return try unsafe body(&state.pointee)
    }
}

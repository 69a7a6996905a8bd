package import Glibc

/// A lock that can be waited on: `Lock` with a condition beside it. Timeouts follow the monotonic clock.
@safe
package final class Monitor<State: ~Copyable>: @unchecked Sendable {  // the mutex serialises every access to `state`
    @usableFromInline let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    @usableFromInline let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    @usableFromInline let state = UnsafeMutablePointer<State>.allocate(capacity: 1)

    package init(_ initial: consuming sending State) {
        unsafe pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
        unsafe state.initialize(to: initial)
    }

    deinit {
        unsafe pthread_cond_destroy(condition)
        unsafe condition.deallocate()
        unsafe pthread_mutex_destroy(mutex)
        unsafe mutex.deallocate()
        unsafe state.deinitialize(count: 1)
        unsafe state.deallocate()
    }

    /// Does not wake anybody: call `wakeAll` after a change that somebody may wait for.
    @inlinable
    package func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        return try unsafe body(&state.pointee)
    }

    /// Runs `attempt` under the lock, now and after every wake-up, until it returns something.
    ///
    /// - Parameter limitNs: how long to wait at most; nil waits for ever, 0 tries once.
    /// - Returns: nil when the time is over.
    @inlinable
    package func wait<Result>(
        atMostNs limitNs: Int64? = nil, until attempt: (inout sending State) -> sending Result?
    ) -> sending Result? {
        var deadline = timespec()
        if let limitNs { deadline = Self.deadline(afterNs: limitNs) }
        unsafe pthread_mutex_lock(mutex)
        defer { unsafe pthread_mutex_unlock(mutex) }
        while true {
            if let result = unsafe attempt(&state.pointee) { return result }
            guard limitNs != nil else {
                unsafe pthread_cond_wait(condition, mutex)
                continue
            }
            if unsafe pthread_cond_timedwait(condition, mutex, &deadline) == ETIMEDOUT {
                return unsafe attempt(&state.pointee)
            }
        }
    }

    @inlinable
    package func wakeAll() {
        unsafe pthread_cond_broadcast(condition)
    }

    @usableFromInline
    static func deadline(afterNs limitNs: Int64) -> timespec {
        let (sum, overflow) = SystemTime().monotonicNs.addingReportingOverflow(max(0, limitNs))
        let ns = overflow ? Int64.max : sum
        return timespec(tv_sec: Int(ns / 1_000_000_000), tv_nsec: Int(ns % 1_000_000_000))
    }
}

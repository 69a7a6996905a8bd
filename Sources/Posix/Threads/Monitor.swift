package import Glibc

/// A lock that can be waited on: `Lock` with a condition beside it. Timeouts follow the monotonic clock.
@safe
package final class Monitor<State: ~Copyable>: @unchecked Sendable {  // the lock serialises every access to its state
    @usableFromInline let lock: Lock<State>
    @usableFromInline let condition = Condition()

    package init(_ initial: consuming sending State) {
        lock = Lock(initial)
    }

    /// Does not wake anybody: call `wakeAll` after a change that somebody may wait for.
    @inlinable
    package func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending State) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        try lock.withLock(body)
    }

    /// Runs `attempt` under the lock, now and after every wake-up, until it returns something.
    ///
    /// - Parameters:
    ///   - own: what to be woken by instead of `wakeAll`.
    ///   - limitNs: how long to wait at most; nil waits for ever, 0 tries once.
    /// - Returns: nil when the time is over.
    @inlinable
    package func wait<Result>(
        on own: Condition? = nil, atMostNs limitNs: Int64? = nil,
        until attempt: (inout sending State) -> sending Result?
    ) -> sending Result? {
        let condition = own ?? condition
        var deadline = timespec()
        if let limitNs { deadline = Self.deadline(afterNs: limitNs) }
        unsafe pthread_mutex_lock(lock.mutex)
        defer { unsafe pthread_mutex_unlock(lock.mutex) }
        while true {
            if let result = unsafe attempt(&lock.state.pointee) { return result }
            guard limitNs != nil else {
                unsafe pthread_cond_wait(condition.pointer, lock.mutex)
                continue
            }
            if unsafe pthread_cond_timedwait(condition.pointer, lock.mutex, &deadline) == ETIMEDOUT {
                return unsafe attempt(&lock.state.pointee)
            }
        }
    }

    @inlinable
    package func wakeAll() {
        unsafe pthread_cond_broadcast(condition.pointer)
    }

    /// For a change that is of use to one of those who wait, whichever it is.
    @inlinable
    package func wakeOne() {
        condition.wakeOne()
    }

    @usableFromInline
    static func deadline(afterNs limitNs: Int64) -> timespec {
        let (sum, overflow) = SystemTime().monotonicNs.addingReportingOverflow(max(0, limitNs))
        let ns = overflow ? Int64.max : sum
        return timespec(tv_sec: Int(ns / 1_000_000_000), tv_nsec: Int(ns % 1_000_000_000))
    }
}

/// What a thread waits on beside the lock of a `Monitor`.
@safe
package final class Condition: @unchecked Sendable {  // the C library orders its uses
    @usableFromInline let pointer = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe pthread_cond_init(pointer, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(pointer)
        unsafe pointer.deallocate()
    }

    @inlinable
    package func wakeOne() {
        unsafe pthread_cond_signal(pointer)
    }
}

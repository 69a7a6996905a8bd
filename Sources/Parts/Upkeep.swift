package import Posix
import Synchronization

/// What keeps a store in order behind its writers: a thread that turns the head into parts, one that merges parts, and what
/// those wait for who write faster than that.
package final class Upkeep: Sendable {
    /// What a store has done for it. What throws is told to `note` and done again after a rest, so that a full disk is not
    /// asked without end.
    package struct Duties: Sendable {
        private let isFlushDue: @Sendable () -> Bool
        private let flush: @Sendable () throws -> Void
        private let merge: @Sendable () throws -> Void
        private let note: @Sendable (String) -> Void

        /// - Parameters:
        ///   - isFlushDue: asked in every period of flushes.
        ///   - merge: done in every period of merges and whenever it is wanted; returns early where `isStopping`.
        package init(
            isFlushDue: @escaping @Sendable () -> Bool, flush: @escaping @Sendable () throws -> Void,
            merge: @escaping @Sendable () throws -> Void, note: @escaping @Sendable (String) -> Void
        ) {
            (self.isFlushDue, self.flush, self.merge, self.note) = (isFlushDue, flush, merge, note)
        }

        fileprivate func flush(isWanted: Bool) -> Bool {
            isWanted || isFlushDue() ? attempt("flush", flush) : true
        }

        fileprivate func mergeParts() -> Bool { attempt("merge", merge) }

        private func attempt(_ what: String, _ body: () throws -> Void) -> Bool {
            do {
                try body()
                return true
            } catch {
                note("a \(what) failed and is tried again: \(error)")
                return false
            }
        }
    }

    /// What became of waiting for a flush.
    package enum Wait: Equatable, Sendable {
        case over
        /// The last flush failed, for this reason.
        case failed(String)
        case late
    }

    private struct State {
        var isStopping = false
        var isFlushWanted = false
        var isMergeWanted = true
        /// Why the last flush failed; nil after one that did not.
        var failure: String?
    }

    private let flushPeriodNs: Int64
    private let mergePeriodNs: Int64
    private static let restNs: Int64 = 1_000_000_000

    private let state = Monitor(State())
    private let stopping = Atomic<Bool>(false)
    private let threads = Lock<[OwnedThread]>([])

    package init(flushPeriodNs: Int64 = 1_000_000_000, mergePeriodNs: Int64 = 5_000_000_000) {
        (self.flushPeriodNs, self.mergePeriodNs) = (flushPeriodNs, mergePeriodNs)
    }

    package var isStopping: Bool { stopping.load(ordering: .relaxed) }

    /// Starts the threads; `stop` joins them, which is why the duties may hold the store.
    package func start(_ name: String, _ duties: Duties) throws(SystemError) {
        let flusher = try OwnedThread(name: "\(name) flush") { [self] in
            repeatUntilStopped(everyNs: flushPeriodNs, \.isFlushWanted) { duties.flush(isWanted: $0) }
        }
        threads.withLock { $0.append(flusher) }
        do throws(SystemError) {
            let merger = try OwnedThread(name: "\(name) merge") { [self] in
                repeatUntilStopped(everyNs: mergePeriodNs, \.isMergeWanted) { _ in duties.mergeParts() }
            }
            threads.withLock { $0.append(merger) }
        } catch {
            _ = stop()
            throw error
        }
    }

    /// - Parameter step: told whether it was asked for before its time; false where it failed.
    private func repeatUntilStopped(
        everyNs: Int64, _ isWanted: WritableKeyPath<State, Bool>, _ step: (_ isWanted: Bool) -> Bool
    ) {
        while true {
            let wanted = state.wait(atMostNs: everyNs) { state -> Bool? in
                guard state.isStopping || state[keyPath: isWanted] else { return nil }
                defer { state[keyPath: isWanted] = false }
                return state[keyPath: isWanted]
            }
            if isStopping { return }
            if !step(wanted ?? false) {
                _ = state.wait(atMostNs: Self.restNs) { state -> Void? in state.isStopping ? () : nil }
            }
        }
    }

    package func wantFlush() {
        state.withLock { $0.isFlushWanted = true }
        state.wakeAll()
    }

    package func wantMerge() {
        state.withLock { $0.isMergeWanted = true }
        state.wakeAll()
    }

    /// Called after every flush, whoever made it: those who wait look again, and its parts may be merged.
    package func flushEnded(failure: String? = nil) {
        state.withLock { state in
            state.failure = failure
            if failure == nil { state.isMergeWanted = true }
        }
        state.wakeAll()
    }

    /// Waits until flushes have got so far, or fail.
    package func waitForFlush(atMostNs limitNs: Int64, until isOver: () -> Bool) -> Wait {
        let wait = state.wait(atMostNs: limitNs) { state -> Wait? in
            if isOver() { return .over }
            return state.failure.map { .failed($0) }
        }
        return wait ?? .late
    }

    /// Waits for what the threads do now, and ends them.
    ///
    /// - Returns: false where that was done before.
    package func stop() -> Bool {
        guard !stopping.exchange(true, ordering: .acquiringAndReleasing) else { return false }
        state.withLock { $0.isStopping = true }
        state.wakeAll()
        threads.withLock { threads in
            for thread in threads { thread.join() }
            threads.removeAll()
        }
        return true
    }
}

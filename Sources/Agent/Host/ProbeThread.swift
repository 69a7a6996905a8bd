import Posix

/// A thread for calls that the kernel may never answer, such as those that touch a dead network mount. Whoever waits for
/// it gives up in time and leaves the thread to the call that holds it.
final class ProbeThread: Sendable {
    private struct State: Sendable {
        var work: (@Sendable () -> Void)?
        var isBusy = false
        var isStopping = false
    }

    private let state: Monitor<State>
    private let thread: OwnedThread

    init(name: String) throws(SystemError) {
        let state = Monitor(State())
        self.state = state
        thread = try OwnedThread(name: name, stackBytes: 512 << 10) {
            while let work = Self.next(state) {
                work()
                state.withLock { $0.isBusy = false }
                state.wakeAll()
            }
        }
    }

    /// Nil when the thread is to end.
    private static func next(_ state: Monitor<State>) -> (@Sendable () -> Void)? {
        state.wait { state -> (@Sendable () -> Void)?? in
            if state.isStopping { return .some(nil) }
            guard let work = state.work else { return nil }
            state.work = nil
            return .some(work)
        } ?? nil
    }

    /// Has the thread do something. It has to be idle.
    func start(_ work: @escaping @Sendable () -> Void) {
        state.withLock {
            precondition(!$0.isBusy, "BUG: a probe thread is asked while it works")
            $0.work = work
            $0.isBusy = true
        }
        state.wakeAll()
    }

    /// Whether the work was done within a time.
    func isDone(afterAtMostNs limitNs: Int64) -> Bool {
        state.wait(atMostNs: limitNs) { $0.isBusy ? nil : true } ?? false
    }

    var isIdle: Bool { state.withLock { !$0.isBusy } }

    /// Ends the thread. One that hangs in the kernel ends when that answers.
    func end() {
        state.withLock { $0.isStopping = true }
        state.wakeAll()
        if isIdle { thread.join() } else { thread.detach() }
    }
}

import Posix

/// Runs work after a while, on one thread: for what a fault or a slow partner holds back without holding a thread.
final class DelayQueue: Sendable {
    private struct State {
        var due: [(atNs: Int64, work: @Sendable () -> Void)] = []
        var isStopping = false
    }

    /// What waits at most; more is run at once.
    private static let waitingMax = 10_000

    private let state = Monitor(State())
    private let time: any TimeSource
    private let thread: Lock<OwnedThread?>

    init(time: any TimeSource) throws(SystemError) {
        self.time = time
        let state = state
        thread = Lock(
            try OwnedThread(name: "delays") {
                while true {
                    let waitNs = state.withLock { $0.due.map(\.atNs).min() }.map { max(0, $0 - time.monotonicNs) }
                    let count = state.withLock { $0.due.count }
                    let isOver: Bool? = state.wait(atMostNs: waitNs) { state in
                        if state.isStopping { return true }
                        return state.due.count == count ? nil : false
                    }
                    if isOver == true { return }
                    let nowNs = time.monotonicNs
                    let ready = state.withLock { state in
                        let ready = state.due.filter { $0.atNs <= nowNs }
                        state.due.removeAll { $0.atNs <= nowNs }
                        return ready
                    }
                    for entry in ready.sorted(by: { $0.atNs < $1.atNs }) { entry.work() }
                }
            })
    }

    /// `work` must not wait.
    func run(afterNs delayNs: Int64, _ work: @escaping @Sendable () -> Void) {
        let atNs = time.monotonicNs + delayNs
        let isTaken = state.withLock { state in
            guard state.due.count < Self.waitingMax, !state.isStopping else { return false }
            state.due.append((atNs, work))
            return true
        }
        if !isTaken { return work() }
        state.wakeAll()
    }

    /// Gives up what waits.
    func stop() {
        state.withLock { $0.isStopping = true }
        state.wakeAll()
        let thread = thread.withLock { $0 }
        thread?.join()
        state.withLock { $0.due = [] }
    }
}

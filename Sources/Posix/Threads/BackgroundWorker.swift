/// A thread for work that can wait: it runs steps one after the other while there is something to do, at the lowest
/// priority, so that what serves people goes first.
package final class BackgroundWorker: Sendable {
    private struct State {
        var isWoken = false
        var isStopping = false
    }

    private let state: Monitor<State>
    private let thread: OwnedThread

    /// - Parameters:
    ///   - intervalNs: how long it rests at most when there is nothing to do.
    ///   - step: does one piece of work and returns whether there may be more at once. It should look at `isStopping`
    ///     when it takes long.
    package init(
        name: String, intervalNs: Int64, step: @escaping @Sendable (_ isStopping: () -> Bool) -> Bool
    ) throws(SystemError) {
        let state = Monitor(State())
        self.state = state
        thread = try OwnedThread(name: name) {
            OwnedThread.lowerPriority()
            let isStopping = { state.withLock { $0.isStopping } }
            while !isStopping() {
                if step(isStopping) { continue }
                _ = state.wait(atMostNs: intervalNs) { state -> Void? in
                    guard state.isWoken || state.isStopping else { return nil }
                    state.isWoken = false
                    return ()
                }
            }
        }
    }

    /// Ends the rest before its time.
    package func wake() {
        state.withLock { $0.isWoken = true }
        state.wakeAll()
    }

    /// Waits for the step that is under way, and ends the thread.
    package func stop() {
        state.withLock { $0.isStopping = true }
        state.wakeAll()
        thread.join()
    }
}

import Glibc

/// Ends the process if it has not ended by itself in time: what a graceful stop is given before it is called stuck.
package final class ExitDeadline: Sendable {
    private let isCancelled = Monitor(false)
    private let thread: OwnedThread

    /// - Parameter message: written to standard error, with a line end, when the deadline strikes.
    package init(afterNs limitNs: Int64, status: Int32 = 1, message: String) throws(SystemError) {
        let isCancelled = isCancelled
        thread = try OwnedThread(name: "exit deadline", stackBytes: 256 << 10) {
            if isCancelled.wait(atMostNs: limitNs, until: { $0 ? true : nil }) == nil {
                let line = Array("\(message)\n".utf8)
                _ = unsafe Glibc.write(STDERR_FILENO, line, line.count)
                _exit(status)
            }
        }
    }

    deinit {
        cancel()
    }

    package func cancel() {
        isCancelled.withLock { $0 = true }
        isCancelled.wakeAll()
        thread.join()
    }
}

package import Posix

/// Threads for handlers that compute or wait for long: a bounded number at once, a bounded number in wait.
package final class HandlerPool: Sendable {
    private typealias Work = @Sendable () -> Void

    private let queue: BoundedQueue<Work>
    private let threads: [OwnedThread]

    /// How the threads stand to others that want the processors.
    package enum Standing: Sendable {
        case plain
        /// What they do is short: they come soon to a processor, for short turns.
        case prompt
        /// They stand back.
        case low
    }

    /// - Parameters:
    ///   - name: of the threads; they are numbered behind it.
    ///   - waitingMax: requests that wait for a thread; further ones are refused.
    package init(
        name: String, threads count: Int, waitingMax: Int, standing: Standing = .plain
    ) throws(SystemError) {
        let queue = BoundedQueue<Work>(capacity: waitingMax)
        self.queue = queue
        var threads: [OwnedThread] = []
        do throws(SystemError) {
            for index in 0..<count {
                threads.append(
                    try OwnedThread(name: "\(name)-\(index)") {
                        switch standing {
                        case .plain: break
                        case .prompt: OwnedThread.shortenTurns()
                        case .low: OwnedThread.lowerShare()
                        }
                        while let work = queue.pop() { work() }
                    })
            }
        } catch {
            queue.close()
            for thread in threads { thread.join() }
            throw error
        }
        self.threads = threads
    }

    /// Has a thread of the pool answer; when all are busy and too many requests wait, the answer is 503. A request whose
    /// client has gone meanwhile is dropped.
    package func answer(_ response: inout Response, _ work: @escaping @Sendable (PendingResponse) -> Void) {
        let pending = response.later()
        let offer = queue.push {
            if !pending.isClientGone { work(pending) }
        }
        if case .accepted = offer { return }
        pending.refuse(behind: queue.capacity)
    }

    /// How much waits for a thread.
    package var waiting: Int { queue.count }

    /// Has a thread of the pool do some work that another began; false where too much waits.
    package func run(_ work: @escaping @Sendable () -> Void) -> Bool {
        if case .accepted = queue.push(work) { return true }
        return false
    }

    /// Ends the threads once what waits is answered. Call it after the server has stopped taking requests.
    package func stop() {
        queue.close()
        for thread in threads { thread.join() }
    }
}

import Synchronization

/// Threads that help with work that falls into parts. Whoever asks works along, so the work always goes on, helped or not.
package final class Workers: Sendable {
    /// Work in numbered parts of which each is done once, by whoever comes first.
    private final class Job: Sendable {
        let parts: Int
        let body: @Sendable (Int) -> Void
        private let next = Atomic<Int>(0)
        private let done = Monitor<Int>(0)

        init(parts: Int, body: @escaping @Sendable (Int) -> Void) {
            self.parts = parts
            self.body = body
        }

        func work() {
            while true {
                let part = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard part < parts else { return }
                body(part)
                let isLast = done.withLock { done in
                    done += 1
                    return done == parts
                }
                if isLast { done.wakeAll() }
            }
        }

        func waitForAll() {
            let parts = parts
            _ = done.wait { $0 == parts ? true : nil }
        }
    }

    /// Calls for help that wait; more are dropped, since those who called work anyway.
    private static let callsMax = 256

    private let calls = BoundedQueue<Job>(capacity: callsMax)
    private let threads: [OwnedThread]

    /// How many threads do one piece of work at most, the asking one included.
    package var width: Int { threads.count + 1 }

    /// - Parameters:
    ///   - name: of the threads; they are numbered behind it.
    ///   - helpers: threads besides the asking one; none is fine.
    ///   - standingBack: whether threads of ordinary work go before them.
    package init(name: String = "worker", helpers: Int, standingBack: Bool = true) throws(SystemError) {
        var threads: [OwnedThread] = []
        let calls = calls
        for index in 0..<max(0, helpers) {
            threads.append(
                try OwnedThread(name: "\(name)-\(index)") {
                    if standingBack { OwnedThread.lowerShare() }
                    while let job = calls.pop() { job.work() }
                })
        }
        self.threads = threads
    }

    /// Ends the threads; work that is still under way goes on without them.
    package func stop() {
        calls.close()
        for thread in threads { thread.join() }
    }

    private func run(_ job: Job) {
        if job.parts <= 0 { return }
        for _ in 0..<min(threads.count, job.parts - 1) { _ = calls.push(job) }
        job.work()
        job.waitForAll()
    }

    /// Runs `body` for each part; returns when all are done.
    package func forEach(parts: Int, _ body: @escaping @Sendable (Int) -> Void) {
        run(Job(parts: parts, body: body))
    }

    /// Runs `body` for each part and collects what it returns; the error of the lowest part that failed is thrown.
    package func map<Result: Sendable, Failure: Error>(
        parts: Int, _ body: @escaping @Sendable (Int) throws(Failure) -> Result
    ) throws(Failure) -> [Result] {
        if parts == 1 { return [try body(0)] }
        let results = Lock<[Swift.Result<Result, Failure>?]>(Array(repeating: nil, count: parts))
        let job = Job(parts: parts) { part in
            let result: Swift.Result<Result, Failure>
            do throws(Failure) {
                result = .success(try body(part))
            } catch {
                result = .failure(error)
            }
            results.withLock { $0[part] = result }
        }
        run(job)
        var collected: [Result] = []
        for result in results.withLock({ $0 }) {
            guard let result else { preconditionFailure("BUG: a part of the work was never done") }
            collected.append(try result.get())
        }
        return collected
    }
}

import Encoding
package import Posix
package import Telemetry

/// Evaluates all groups when each is due: spread over their intervals, several at once, each at most once at a time.
package final class RuleScheduler: Sendable {
    private struct Scheduled {
        let evaluator: GroupEvaluator
        var nextMs: Int64
        var isRunning = false
    }

    private struct State {
        /// In the order of the files.
        var order: [String] = []
        var groups: [String: Scheduled] = [:]
        var isStopping = false
        /// Raised with each change of the groups, so that the thread looks at them anew.
        var generation = 0
    }

    private struct Job: Sendable {
        let evaluator: GroupEvaluator
        let atMs: Int64
    }

    /// Groups of one server; each costs a place in the queue.
    package static let groupsMax = 100_000

    private let metrics: RuleMetrics
    private let time: any TimeSource
    private let state = Monitor(State())
    private let queue = BoundedQueue<Job>(capacity: groupsMax)
    private let threads: [OwnedThread]

    /// - Parameter evaluators: groups that are evaluated at once.
    package init(evaluators: Int, registry: Registry, time: any TimeSource = SystemTime()) throws(SystemError) {
        metrics = RuleMetrics(registry)
        self.time = time
        var threads: [OwnedThread] = []
        let (state, queue) = (state, queue)
        for place in 0..<evaluators {
            threads.append(
                try OwnedThread(name: "rules-\(place)") {
                    while let job = queue.pop() {
                        job.evaluator.evaluate(atMs: job.atMs)
                        state.withLock { $0.groups[job.evaluator.group.key]?.isRunning = false }
                        state.wakeAll()
                    }
                })
        }
        threads.append(try OwnedThread(name: "rule-clock") { Self.run(state, queue, time) })
        self.threads = threads
    }

    /// Ends when what is under way is done.
    package func stop() {
        state.withLock { $0.isStopping = true }
        state.wakeAll()
        queue.close()
        for thread in threads { thread.join() }
    }

    /// The groups as they stand, in the order of the files.
    package var statuses: [RuleGroupStatus] {
        let evaluators = state.withLock { state in state.order.compactMap { state.groups[$0]?.evaluator } }
        return evaluators.map(\.status)
    }

    /// Puts other groups in force. What a group or rule that has stayed knows of the past is kept.
    package func replace(_ groups: [RuleGroup], _ environment: RuleEnvironment) {
        let nowMs = time.wallMs
        let old = state.withLock { $0.groups }
        var new: [String: Scheduled] = [:]
        for group in groups.prefix(Self.groupsMax) {
            let evaluator = GroupEvaluator(group, environment, metrics, time: time)
            if let before = old[group.key]?.evaluator { evaluator.inherit(from: before) }
            metrics.know(group, intervalMs: evaluator.intervalMs)
            new[group.key] = Scheduled(
                evaluator: evaluator, nextMs: Self.firstMs(group.key, evaluator.intervalMs, after: nowMs))
        }
        let order = groups.prefix(Self.groupsMax).map(\.key)
        state.withLock { [new] state in
            state.groups = new
            state.order = order
            state.generation += 1
        }
        state.wakeAll()
        for (key, group) in old where new[key] == nil { group.evaluator.end(atMs: nowMs) }
    }

    /// A group has its own place in the interval, the same on every start.
    static func firstMs(_ key: String, _ intervalMs: Int64, after nowMs: Int64) -> Int64 {
        let placeMs = Int64(Hash64.of(Array(key.utf8).span) % UInt64(intervalMs))
        let sinceMs = ((nowMs - placeMs) % intervalMs + intervalMs) % intervalMs
        return nowMs - sinceMs + (sinceMs == 0 ? 0 : intervalMs)
    }

    private static func run(_ state: Monitor<State>, _ queue: BoundedQueue<Job>, _ time: any TimeSource) {
        while true {
            let (jobs, nextMs, generation, isStopping) = state.withLock { state in
                let jobs = due(&state, time.wallMs)
                return (jobs, state.groups.values.map(\.nextMs).min(), state.generation, state.isStopping)
            }
            if isStopping { return }
            for job in jobs { _ = queue.push(job) }
            let waitMs = max(1, min(nextMs.map { $0 - time.wallMs } ?? 60_000, 60_000))
            _ = state.wait(atMostNs: waitMs * 1_000_000) { state -> Void? in
                state.isStopping || state.generation != generation ? () : nil
            }
        }
    }

    private static func due(_ state: inout State, _ nowMs: Int64) -> [Job] {
        var jobs: [Job] = []
        for key in state.order {
            guard var group = state.groups[key], group.nextMs <= nowMs else { continue }
            let intervalMs = group.evaluator.intervalMs
            let late = (nowMs - group.nextMs) / intervalMs
            let atMs = group.nextMs + late * intervalMs
            let missed = Int(late) + (group.isRunning ? 1 : 0)
            if missed > 0 { group.evaluator.noteMissed(missed) }
            if !group.isRunning {
                group.isRunning = true
                jobs.append(Job(evaluator: group.evaluator, atMs: atMs))
            }
            group.nextMs = atMs + intervalMs
            state.groups[key] = group
        }
        return jobs
    }
}

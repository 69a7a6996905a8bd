import HTTP
import Model
import Posix
import Telemetry

/// A notification that waits to be delivered, with what is to be done when it was.
struct DeliveryJob: Sendable {
    let group: GroupID
    let flush: Int
    let notification: Notification
    let content: Deduplication.Content
    let repeatMs: Int64
    /// After this it is given up; the group is looked at again anyway.
    let deadlineNs: Int64
    /// For tests of a receiver: one attempt.
    var isOnlyAttempt = false
    var attempts = 0
    var lastFailure = ""
}

/// The notifications of one entry of a receiver: delivered by a few threads of its own, so that a slow or dead receiver
/// holds nobody else back. What fails in passing is tried again, after a while that grows, or that the other side asks for.
final class ReceiverQueue: Sendable {
    typealias Finished = @Sendable (DeliveryJob, Result<[String: String], DeliveryFailure>) -> Void

    /// Notifications that wait; further ones are refused, and their groups try again with their next interval.
    static let waitingMax = 10_000
    /// Deliveries to one receiver at once.
    static let threadsMax = 8
    private static let backoffMinNs: Int64 = 500_000_000
    private static let backoffMaxNs: Int64 = 30_000_000_000

    private struct State {
        var ready: [DeliveryJob] = []
        /// How many of `ready` are taken already.
        var taken = 0
        var delayed: [(dueNs: Int64, job: DeliveryJob)] = []
        /// Nobody is asked before this: the other side wants to be left alone.
        var pausedUntilNs: Int64 = 0
        var threads: [OwnedThread] = []
        var idle = 0
        var isStopping = false

        var waiting: Int { ready.count - taken + delayed.count }
    }

    /// The receiver, the kind and the place of the entry, as the log has it.
    let name: String
    let receiver: String
    let settings: ReceiverSettings
    private let kind: ReceiverKind
    private let templates: NotificationTemplates
    private let client: HTTPClient
    private let time: any TimeSource
    private let metrics: DeliveryMetrics
    private let log: Logger
    private let finished: Finished
    private let state = Monitor(State())

    init(
        receiver: String, place: Int, _ settings: ReceiverSettings, _ templates: NotificationTemplates,
        _ client: HTTPClient, _ metrics: DeliveryMetrics, _ log: Logger, time: any TimeSource,
        finished: @escaping Finished
    ) {
        guard let kind = ReceiverKind.all.first(where: { $0.name == settings.kind }) else {
            preconditionFailure("BUG: there is no kind of receivers named \(settings.kind)")
        }
        name = "\(receiver)/\(settings.kind)/\(place)"
        (self.receiver, self.settings, self.kind, self.templates) = (receiver, settings, kind, templates)
        (self.client, self.metrics, self.log, self.time, self.finished) = (client, metrics, log, time, finished)
        metrics.know(settings.kind, name)
    }

    var waiting: Int { state.withLock { $0.waiting } }

    /// Takes a notification; never waits. False where too many wait.
    func push(_ job: DeliveryJob) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isStopping, state.waiting < Self.waitingMax else { return false }
            state.ready.append(job)
            metrics.waiting.with(name).set(state.waiting)
            if state.idle == 0, state.threads.count < Self.threadsMax { start(&state) }
            return true
        }
        state.wakeAll()
        return isTaken
    }

    private func start(_ state: inout State) {
        do throws(SystemError) {
            state.threads.append(try OwnedThread(name: "notify", stackBytes: 1 << 20) { [self] in run() })
        } catch {
            log.error("a thread for notifications cannot start", ["error": .error(error)])
        }
    }

    /// Takes nothing any more, and begins nothing that waits.
    func retire() {
        state.withLock { $0.isStopping = true }
        state.wakeAll()
    }

    /// Ends when what is under way is done; what waits is left.
    func stop() {
        let threads = state.withLock { state in
            state.isStopping = true
            defer { state.threads = [] }
            return state.threads
        }
        state.wakeAll()
        for thread in threads { thread.join() }
    }

    private func run() {
        while let job = next() { work(job) }
    }

    private func next() -> DeliveryJob? {
        while true {
            let waitNs = state.withLock { state -> Int64 in
                state.idle += 1
                return nextDue(state)
            }
            let found: DeliveryJob?? = state.wait(atMostNs: waitNs) { state in
                if state.isStopping { return .some(nil) }
                return take(&state).map { .some($0) }
            }
            state.withLock { $0.idle -= 1 }
            if let found { return found }
        }
    }

    /// How long nothing can become ready by itself.
    private func nextDue(_ state: State) -> Int64 {
        let nowNs = time.monotonicNs
        var dueNs = state.delayed.map(\.dueNs).min() ?? nowNs + 60_000_000_000
        if state.pausedUntilNs > nowNs { dueNs = max(dueNs, state.pausedUntilNs) }
        if state.ready.count > state.taken { dueNs = min(dueNs, max(nowNs, state.pausedUntilNs)) }
        return max(1_000_000, dueNs - nowNs)
    }

    private func take(_ state: inout State) -> DeliveryJob? {
        let nowNs = time.monotonicNs
        if nowNs < state.pausedUntilNs { return nil }
        if let place = state.delayed.firstIndex(where: { $0.dueNs <= nowNs }) {
            return state.delayed.remove(at: place).job
        }
        guard state.taken < state.ready.count else { return nil }
        let job = state.ready[state.taken]
        state.taken += 1
        if state.taken == state.ready.count || state.taken > 1024 {
            state.ready.removeFirst(state.taken)
            state.taken = 0
        }
        return job
    }

    private func work(_ job: DeliveryJob) {
        var job = job
        let startNs = time.monotonicNs
        if startNs >= job.deadlineNs {
            return end(job, .failure(overdue(job)))
        }
        job.attempts += 1
        metrics.requests.with(settings.kind).add()
        do throws(DeliveryFailure) {
            let memo = try attempt(job, limitNs: job.deadlineNs - startNs)
            metrics.latency.with(settings.kind).observe(Int(time.monotonicNs - startNs))
            end(job, .success(memo))
        } catch {
            metrics.latency.with(settings.kind).observe(Int(time.monotonicNs - startNs))
            metrics.failedRequests.with(settings.kind).add()
            retry(job, error)
        }
    }

    private func attempt(_ job: DeliveryJob, limitNs: Int64) throws(DeliveryFailure) -> [String: String] {
        var notification = job.notification
        if !settings.sendsResolved { notification.alerts.removeAll(where: \.isResolved) }
        // Nothing fires any more, which this receiver does not want to know; the log does.
        if notification.alerts.isEmpty { return [:] }
        let delivery = try Delivery(notification, settings, templates, client, limitNs: limitNs, time: time)
        return try kind.deliver(delivery)
    }

    private func overdue(_ job: DeliveryJob) -> DeliveryFailure {
        DeliveryFailure(
            "given up after \(job.attempts) attempts: \(job.lastFailure)", isPassing: true, reason: "deadline")
    }

    private func retry(_ job: DeliveryJob, _ failure: DeliveryFailure) {
        if !failure.isPassing || job.isOnlyAttempt { return end(job, .failure(failure)) }
        if job.lastFailure != failure.description {
            log.warning(
                "a receiver cannot be told, which is tried again",
                ["receiver": .text(name), "group": .text(job.notification.groupKey), "error": .text("\(failure)")])
        }
        var job = job
        job.lastFailure = failure.description
        let doubled = min(Self.backoffMinNs << Int64(min(job.attempts - 1, 10)), Self.backoffMaxNs)
        let nowNs = time.monotonicNs
        let backoffNs = doubled / 2 + Int64.random(in: 0...doubled / 2)
        let dueNs = nowNs + (failure.retryAfterNs ?? backoffNs)
        if dueNs >= job.deadlineNs { return end(job, .failure(overdue(job))) }
        state.withLock { state in
            if failure.retryAfterNs != nil { state.pausedUntilNs = max(state.pausedUntilNs, dueNs) }
            state.delayed.append((dueNs, job))
        }
        state.wakeAll()
    }

    private func end(_ job: DeliveryJob, _ result: Result<[String: String], DeliveryFailure>) {
        metrics.notifications.with(settings.kind).add()
        if case .failure(let failure) = result {
            metrics.failures.with(settings.kind, failure.reason).add()
        }
        metrics.waiting.with(name).set(state.withLock { $0.waiting })
        finished(job, result)
    }

    /// Tells the receiver now, on the calling thread, once. Returns what it noted.
    func test(_ notification: Notification, limitNs: Int64) throws(DeliveryFailure) -> [String: String] {
        let delivery = try Delivery(notification, settings, templates, client, limitNs: limitNs, time: time)
        return try kind.deliver(delivery)
    }
}

/// What deliveries count, under the names that dashboards for Alertmanager read.
struct DeliveryMetrics: Sendable {
    let notifications: Family<Counter>
    let failures: Family<Counter>
    let requests: Family<Counter>
    let failedRequests: Family<Counter>
    let latency: Family<Histogram>
    let waiting: Family<Gauge>
    let deadLetters: Family<Counter>

    init(_ registry: Registry) {
        notifications = registry.counters(
            "alertmanager_notifications_total", "Notifications that were tried to be delivered.",
            labels: ["integration"])
        failures = registry.counters(
            "alertmanager_notifications_failed_total", "Notifications that could not be delivered.",
            labels: ["integration", "reason"])
        requests = registry.counters(
            "alertmanager_notification_requests_total", "Attempts to deliver a notification.", labels: ["integration"])
        failedRequests = registry.counters(
            "alertmanager_notification_requests_failed_total", "Attempts to deliver a notification that failed.",
            labels: ["integration"])
        latency = registry.histograms(
            "alertmanager_notification_latency_seconds", "How long an attempt to deliver a notification takes.",
            unit: .seconds, buckets: .latency, labels: ["integration"])
        waiting = registry.gauges(
            "obs_alerting_queue_length", "Notifications that wait for a receiver.", labels: ["receiver"])
        deadLetters = registry.counters(
            "obs_alerting_dead_letters_total", "Notifications given up until the next interval of their group.",
            labels: ["receiver"])
    }

    /// Counters are there before anything happens, so that a first failure shows as an increase.
    func know(_ kind: String, _ name: String) {
        _ = (notifications.with(kind), requests.with(kind), failedRequests.with(kind), failures.with(kind, "other"))
        _ = (waiting.with(name), deadLetters.with(name))
    }
}

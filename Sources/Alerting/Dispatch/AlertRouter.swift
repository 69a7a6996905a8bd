import HTTP
package import Ledger
import Model
package import Posix
package import Telemetry

/// What an Alertmanager does: takes alerts, groups them by their routes, holds back what is inhibited, silenced, muted or
/// known already, and tells the receivers.
///
/// What it holds is in memory, and in the ledger before anybody is told that it was taken, so that a process that is
/// killed goes on where it stood: a receiver may be told twice then, and is never forgotten.
package final class AlertRouter: Sendable {
    /// Alerts at once; further ones are refused.
    package static let alertsMax = 1_000_000
    static let groupsMax = 200_000
    /// For so long the log knows who was told what, at least.
    static let logKeptMs: Int64 = 120 * 3_600_000
    /// A notification has at least this long to be delivered.
    static let deliveryMinMs: Int64 = 10_000

    struct Held {
        var alert: Alert
        /// The groups that it is in.
        var groups = 0
    }

    struct State {
        var routing = Routing()
        var alerts: [Labels: Held] = [:]
        var groups: [GroupID: AlertGroup] = [:]
        var due = DueHeap()
        var inhibition = InhibitionIndex()
        var silences = SilenceBook()
        var log: [String: [String: NotificationRecord]] = [:]
        var acknowledgements: [String: Acknowledgement] = [:]
        /// Receivers and groups whose last notification failed.
        var failing: Set<String> = []
        /// Alerts that are over and told, to be forgotten by the ledger.
        var ended: [Labels] = []
        var flushes = 0
        /// How long groups waited for other members of the cluster when they were last looked at.
        var clusterWaitMs: Int64 = 0
        var isStopping = false
    }

    let state = Monitor(State())
    let ledger: AlertLedger
    let metrics: RouterMetrics
    let deliveryMetrics: DeliveryMetrics
    let client: HTTPClient
    let cluster: Cluster
    let time: any TimeSource
    let log: Logger
    private let thread = Lock<OwnedThread?>(nil)
    /// Queues of earlier configurations, whose deliveries may still be under way.
    private let retired = Lock<[ReceiverQueue]>([])

    package init(
        _ ledger: AlertLedger, registry: Registry, log: Logger, time: any TimeSource = SystemTime()
    ) throws(LedgerError) {
        self.ledger = ledger
        self.log = log
        self.time = time
        metrics = RouterMetrics(registry)
        deliveryMetrics = DeliveryMetrics(registry)
        client = HTTPClient("notification", registry: registry, time: time)
        cluster = Cluster(registry: registry, log: log, time: time)
        try load()
        observe(registry)
    }

    /// Takes up what the ledger knows.
    private func load() throws(LedgerError) {
        let nowMs = time.wallMs
        let silences = try ledger.silences()
        let records = try ledger.notifications(atMs: nowMs)
        let acknowledgements = try ledger.acknowledgements()
        let alerts = try ledger.alerts()
        let letters = try ledger.deadLetters().filter { $0.deliveredMs == nil }
        state.withLock { state in
            for silence in silences { state.silences.put(silence) }
            for record in records { state.log[record.groupKey, default: [:]][record.receiver] = record }
            state.failing = Set(letters.map { "\($0.receiver)\u{0}\($0.groupKey)" })
            for one in acknowledgements { state.acknowledgements[one.groupKey] = one }
            for var alert in alerts {
                // Whoever repeated it could not while the server was away.
                if alert.endsAtMs > alert.updatedAtMs, alert.endsAtMs <= nowMs + Self.graceMs {
                    alert.endsAtMs = nowMs + Self.graceMs
                }
                state.alerts[alert.labels] = Held(alert: alert)
            }
        }
    }

    /// After a start, alerts count as firing for so long without being heard of.
    private static let graceMs: Int64 = 5 * 60_000

    /// Ends when what is under way is delivered; what waits is taken up after the next start.
    package func stop() {
        state.withLock { $0.isStopping = true }
        state.wakeAll()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
        for queue in state.withLock({ $0.routing.queues.values.flatMap { $0 } }) { queue.stop() }
        for queue in retired.withLock({ $0 }) { queue.stop() }
        cluster.stop()
        client.stop()
        writeEnded()
    }

    /// Puts a configuration in force. Alerts, silences and what was told stay; groups that stay keep their time.
    package func apply(
        _ configuration: AlertmanagerConfiguration, _ templates: NotificationTemplates, externalURL: String
    ) throws(SystemError) {
        let routing = routing(configuration, templates, externalURL)
        let old = state.withLock { state -> [ReceiverQueue] in
            let old = state.routing.queues.values.flatMap { $0 }
            let groups = state.groups
            let oldRoutes = state.routing.routes
            state.routing = routing
            state.groups = [:]
            state.due = DueHeap()
            state.inhibition = InhibitionIndex(configuration.inhibitRules)
            for (labels, held) in state.alerts {
                state.inhibition.update(held.alert)
                state.alerts[labels]?.groups = 0
                place(held.alert, &state)
            }
            keepTimes(groups, oldRoutes, &state)
            return old
        }
        retire(old)
        state.wakeAll()
        try thread.withLock { thread throws(SystemError) in
            if thread == nil { thread = try OwnedThread(name: "alert-dispatch") { [self] in run() } }
        }
    }

    /// Deliveries under way end by themselves and are logged; nobody waits for them until the next reload.
    private func retire(_ queues: [ReceiverQueue]) {
        for queue in queues { queue.retire() }
        let earlier = retired.withLock { retired in
            defer { retired = queues }
            return retired
        }
        for queue in earlier { queue.stop() }
    }

    private func routing(
        _ configuration: AlertmanagerConfiguration, _ templates: NotificationTemplates, _ externalURL: String
    ) -> Routing {
        var routing = Routing()
        routing.root = configuration.route
        routing.routes = configuration.route?.all ?? []
        routing.intervals = configuration.intervals
        routing.resolveTimeoutMs = configuration.global.resolveTimeoutMs
        routing.receivers = configuration.receivers.map { receiver in
            var labels = LabelsBuilder(Labels(receiver.labels.map { ($0.key, $0.value) }))
            labels.set(Routing.receiverNameLabel, receiver.name)
            return (receiver.name, labels.labels())
        }
        routing.externalURL = externalURL
        for receiver in configuration.receivers {
            routing.queues[receiver.name] = receiver.settings.enumerated().map { place, settings in
                ReceiverQueue(
                    receiver: receiver.name, place: place, settings, templates, client, deliveryMetrics, log,
                    time: time
                ) { [weak self] in self?.finish($0, $1, at: "\(receiver.name)/\(settings.kind)/\(place)") }
            }
        }
        return routing
    }

    /// A group that was there before is looked at when it would have been.
    private func keepTimes(_ old: [GroupID: AlertGroup], _ oldRoutes: [Route], _ state: inout State) {
        let before = Dictionary(
            old.values.map { ("\($0.key)\u{0}\(oldRoutes[$0.id.route].receiver)", $0) }, uniquingKeysWith: { a, _ in a }
        )
        for (id, group) in state.groups {
            guard let known = before["\(group.key)\u{0}\(state.routing.routes[id.route].receiver)"] else { continue }
            // What waited for its receiver waits no more, and is looked at anew.
            let dueMs = known.flush == nil ? known.dueMs : min(known.dueMs, time.wallMs)
            state.groups[id]?.dueMs = dueMs
            state.groups[id]?.wasFlushed = known.wasFlushed
            state.due.push(DueHeap.Entry(dueMs: dueMs, id: id))
        }
    }

    private func run() {
        while true {
            let nowMs = time.wallMs
            let (isStopping, nextMs) = state.withLock { state -> (Bool, Int64?) in
                if !state.isStopping { lookAtDue(&state, nowMs) }
                return (state.isStopping, state.due.firstMs)
            }
            if isStopping { return }
            writeEnded()
            writeWhatIsDue(nowMs)
            let waitMs = max(1, min((nextMs ?? .max / 2) - time.wallMs, 1000))
            _ = state.wait(atMostNs: waitMs * 1_000_000) { state -> Void? in
                if state.isStopping { return () }
                return (state.due.firstMs ?? .max) <= time.wallMs && cluster.isSettled ? () : nil
            }
        }
    }

    private let housekeptMs = Lock<Int64>(0)

    /// Once a minute, what nobody needs any more goes.
    private func writeWhatIsDue(_ nowMs: Int64) {
        let isDue = housekeptMs.withLock { last in
            guard nowMs - last >= 60_000 else { return false }
            last = nowMs
            return true
        }
        guard isDue else { return }
        let old = state.withLock { state -> [String] in
            for (key, records) in state.log {
                let kept = records.filter { $0.value.expiresMs > nowMs }
                state.log[key] = kept.isEmpty ? nil : kept
            }
            return state.silences.collect(atMs: nowMs)
        }
        attempt("forget what has expired") { () throws(LedgerError) in
            try ledger.removeExpiredNotifications(atMs: nowMs)
            if !old.isEmpty { try ledger.keep([Silence](), forgetting: old) }
        }
    }

    private func writeEnded() {
        let ended = state.withLock { state in
            defer { state.ended = [] }
            return state.ended.filter { state.alerts[$0] == nil }
        }
        if ended.isEmpty { return }
        attempt("forget alerts that are over") { () throws(LedgerError) in
            try ledger.keep([Alert](), forgetting: ended)
        }
    }

    /// Writes to the ledger where nobody waits for the answer.
    func attempt(_ what: String, _ body: () throws(LedgerError) -> Void) {
        do throws(LedgerError) {
            try body()
        } catch {
            metrics.ledgerFailures.add()
            log.error("the ledger of alerts cannot be written", ["what": .text(what), "error": .error(error)])
        }
    }

    private func observe(_ registry: Registry) {
        let (state, time) = (state, time)
        registry.callbacks(
            "alertmanager_alerts", "Alerts by what is done with them.", kind: .gauge, labels: ["state"]
        ) {
            let nowMs = time.wallMs
            return state.withLock { state in
                let live = state.alerts.values.filter { $0.alert.endsAtMs > nowMs }
                let suppressed = live.count { held in
                    !state.silences.silencing(held.alert.labels, atMs: nowMs).isEmpty
                        || !state.inhibition.mutes(held.alert.labels, atMs: nowMs).isEmpty
                }
                return [
                    CallbackValue(["active"], Double(live.count - suppressed)),
                    CallbackValue(["suppressed"], Double(suppressed)),
                ]
            }
        }
        registry.callbacks("alertmanager_silences", "Silences by state.", kind: .gauge, labels: ["state"]) {
            let nowMs = time.wallMs
            return state.withLock { state in
                [Silence.State.pending, .active, .expired].map {
                    CallbackValue([$0.rawValue], Double(state.silences.count($0, atMs: nowMs)))
                }
            }
        }
        registry.callback(
            "alertmanager_dispatcher_aggregation_groups", "Groups of alerts.", kind: .gauge
        ) { Double(state.withLock { $0.groups.count }) }
    }
}

/// A configuration, ready to route by.
struct Routing: Sendable {
    /// The label that a receiver's name has for matchers.
    static let receiverNameLabel = "name"

    var root: Route?
    /// By their places.
    var routes: [Route] = []
    var intervals: [String: [TimeInterval]] = [:]
    var resolveTimeoutMs: Int64 = 5 * 60_000
    /// In the order of the configuration, with what matchers see of them.
    var receivers: [(name: String, labels: Labels)] = []
    /// By the receiver's name.
    var queues: [String: [ReceiverQueue]] = [:]
    var externalURL = ""
}

/// What routing counts.
struct RouterMetrics: Sendable {
    let received: Family<Counter>
    let invalid: Family<Counter>
    let suppressed: Family<Counter>
    let refusedGroups: Counter
    let ledgerFailures: Counter

    init(_ registry: Registry) {
        received = registry.counters(
            "alertmanager_alerts_received_total", "Alerts that came in.", labels: ["status", "version"])
        invalid = registry.counters(
            "alertmanager_alerts_invalid_total", "Alerts that came in and were refused.", labels: ["version"])
        suppressed = registry.counters(
            "alertmanager_notifications_suppressed_total", "Alerts that a stage kept from being told.",
            labels: ["reason"])
        refusedGroups = registry.counter(
            "alertmanager_dispatcher_aggregation_group_limit_reached_total",
            "Alerts that were in no group because there are too many groups.")
        ledgerFailures = registry.counter(
            "obs_alerting_ledger_failures_total", "Times that what happened to alerts could not be written down.")
        for stage in Stage.all { _ = suppressed.with(stage.name) }
    }
}

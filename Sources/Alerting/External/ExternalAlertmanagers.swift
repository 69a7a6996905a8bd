import HTTP
package import Model
package import Posix
package import Telemetry

/// Sends alerts to the Alertmanagers of other servers, in the order in which they came, batch by batch.
///
/// A firing alert is told again and again by its rule, so what cannot be delivered is dropped after a few attempts and
/// counted: the next repetition carries it.
package final class ExternalAlertmanagers: Sendable {
    /// Alerts that wait; the oldest is dropped for a newer one.
    package static let waitingMax = 10_000
    static let batchMax = 256

    private struct State {
        var waiting: [Alert] = []
        var options = ExternalOptions()
        var isStopping = false
    }

    private let state = Monitor(State())
    private let client: HTTPClient
    private let metrics: ExternalMetrics
    private let log: Logger
    private let thread = Lock<OwnedThread?>(nil)

    package init(registry: Registry, log: Logger, time: any TimeSource = SystemTime()) {
        client = HTTPClient("alertmanager", registry: registry, time: time)
        metrics = ExternalMetrics(registry)
        self.log = log
    }

    /// Puts other receivers in force. The thread starts with the first of them.
    package func apply(_ options: ExternalOptions) throws(SystemError) {
        state.withLock { $0.options = options }
        metrics.managers.set(options.managers.count)
        for manager in options.managers { metrics.know(manager.url) }
        guard !options.managers.isEmpty else { return }
        try thread.withLock { thread throws(SystemError) in
            if thread == nil { thread = try OwnedThread(name: "alert-sender") { [self] in run() } }
        }
    }

    /// The addresses of those that get alerts.
    package var urls: [String] { state.withLock { $0.options.managers.map(\.url) } }

    /// Takes alerts; never waits.
    package func notify(_ alerts: [Alert]) {
        let dropped = state.withLock { state in
            if state.options.managers.isEmpty { return 0 }
            state.waiting += alerts.compactMap(state.options.prepared)
            let excess = max(0, state.waiting.count - Self.waitingMax)
            state.waiting.removeFirst(excess)
            metrics.waiting.set(state.waiting.count)
            return excess
        }
        state.wakeAll()
        guard dropped > 0 else { return }
        metrics.dropped.add(dropped)
        log.error(
            "alerts for other Alertmanagers are dropped because too many wait",
            ["dropped": .integer(dropped), "limit": .integer(Self.waitingMax)])
    }

    /// Ends once what waits was tried.
    package func stop() {
        state.withLock { $0.isStopping = true }
        state.wakeAll()
        thread.withLock { thread in
            thread?.join()
            thread = nil
        }
        client.stop()
    }

    private func run() {
        while let (batch, managers) = next() { send(batch, to: managers) }
    }

    /// Nil when it is to end and nothing waits.
    private func next() -> ([Alert], [ExternalAlertmanager])? {
        let taken = state.wait { state -> ([Alert], [ExternalAlertmanager])?? in
            if state.waiting.isEmpty { return state.isStopping ? .some(nil) : nil }
            let batch = Array(state.waiting.prefix(Self.batchMax))
            state.waiting.removeFirst(batch.count)
            return .some((batch, state.options.managers))
        }
        return taken ?? nil
    }

    /// To all of them at once, waiting for the last.
    private func send(_ batch: [Alert], to managers: [ExternalAlertmanager]) {
        let pending = Monitor(managers.count)
        for manager in managers {
            let alerts = batch.compactMap(manager.prepared)
            guard !alerts.isEmpty else {
                pending.withLock { $0 -= 1 }
                continue
            }
            client.send(request(alerts, to: manager)) { [self] result in
                note(result, manager.url, alerts.count)
                pending.withLock { $0 -= 1 }
                pending.wakeAll()
            }
        }
        _ = pending.wait { $0 == 0 ? () : nil }
        metrics.waiting.set(state.withLock { $0.waiting.count })
    }

    private func request(_ alerts: [Alert], to manager: ExternalAlertmanager) -> ClientRequest {
        var request = ClientRequest(.post, manager.url)
        request.fields = [("Content-Type", "application/json")]
        request.body = AlertsJSON.body(alerts)
        request.options = manager.client
        request.timeoutNs = manager.timeoutMs * 1_000_000
        request.retries = RetryPolicy(attemptsMax: 3)
        return request
    }

    private func note(_ result: Result<ClientResponse, ClientError>, _ url: String, _ count: Int) {
        let failure: String
        switch result {
        case .success(let response) where response.status.rawValue / 100 == 2:
            metrics.sent.with(url).add(count)
            return
        case .success(let response):
            failure =
                "it answered \(response.status.rawValue): \(String(decoding: response.body.prefix(200), as: UTF8.self))"
        case .failure(let error): failure = "\(error)"
        }
        metrics.errors.with(url).add(count)
        log.error(
            "alerts could not be delivered to an Alertmanager",
            ["url": .text(url), "alerts": .integer(count), "error": .text(failure)])
    }
}

/// What is counted, under the names that dashboards for Prometheus read.
struct ExternalMetrics: Sendable {
    let sent: Family<Counter>
    let errors: Family<Counter>
    let dropped: Counter
    let waiting: Gauge
    let managers: Gauge

    init(_ registry: Registry) {
        sent = registry.counters(
            "prometheus_notifications_sent_total", "Alerts delivered to other Alertmanagers.", labels: ["alertmanager"])
        errors = registry.counters(
            "prometheus_notifications_errors_total", "Alerts that could not be delivered to an Alertmanager.",
            labels: ["alertmanager"])
        dropped = registry.counter(
            "prometheus_notifications_dropped_total", "Alerts dropped because too many waited to be delivered.")
        waiting = registry.gauge("prometheus_notifications_queue_length", "Alerts that wait to be delivered.")
        managers = registry.gauge(
            "prometheus_notifications_alertmanagers_discovered", "Alertmanagers that alerts are delivered to.")
        registry.gauge("prometheus_notifications_queue_capacity", "The most alerts that may wait.")
            .set(ExternalAlertmanagers.waitingMax)
    }

    /// Both counters are there before anything happens, so that a first failure shows as an increase.
    func know(_ url: String) { _ = (sent.with(url), errors.with(url)) }
}

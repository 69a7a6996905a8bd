import Telemetry

/// The metrics of a server. `route` is the pattern that answered, empty where a request was refused before it had one.
final class ServerMetrics: Sendable {
    let requests: Family<Counter>
    let durations: Family<Histogram>
    let inFlight: Family<Gauge>
    let receivedBytes: Family<Counter>
    let sentBytes: Family<Counter>
    let connections: Counter
    let connectionsRefused: Counter
    let timeouts: Counter
    let slowReaders: Counter
    let handshakes: Counter
    let handshakeFailures: Counter

    init(_ registry: Registry) {
        requests = registry.counters(
            "obs_http_requests_total", "Requests answered, by route, method and status code.",
            labels: ["route", "method", "code"], childrenMax: 10_000)
        durations = registry.histograms(
            "obs_http_request_duration_seconds", "From the first byte of a request to the end of its answer.",
            unit: .seconds, buckets: .latency, labels: ["route"])
        inFlight = registry.gauges(
            "obs_http_requests_in_flight", "Requests that a handler is answering.", labels: ["route"])
        receivedBytes = registry.counters(
            "obs_http_request_body_bytes_total", "Bytes of request bodies as they were sent.", unit: .bytes,
            labels: ["route"])
        sentBytes = registry.counters(
            "obs_http_response_body_bytes_total", "Bytes of answers' bodies as they were sent.", unit: .bytes,
            labels: ["route"])
        connections = registry.counter("obs_http_connections_total", "Connections accepted.")
        connectionsRefused = registry.counter(
            "obs_http_connections_refused_total", "Connections turned away because there were as many as there may be.")
        timeouts = registry.counter(
            "obs_http_request_timeouts_total", "Requests cut off because they arrived too slowly.")
        slowReaders = registry.counter(
            "obs_http_slow_readers_total", "Connections reset because the client did not read its answer.")
        handshakes = registry.counter("obs_http_tls_handshakes_total", "TLS handshakes that were completed.")
        handshakeFailures = registry.counter(
            "obs_http_tls_handshake_failures_total", "TLS handshakes that failed or were given up.")
    }
}

/// One worker's handles, resolved once for each route and status code: mostly with the first request, as most routes of a
/// server are never asked. One series tells which routes there are.
struct RouteMeter {
    private let route: String
    private let metrics: ServerMetrics
    private lazy var duration = metrics.durations.with(route)
    private lazy var receivedBytes = metrics.receivedBytes.with(route)
    private lazy var sentBytes = metrics.sentBytes.with(route)
    private let inFlight: Gauge
    private var requests: [(method: Method, status: Status, counter: Counter)] = []

    init(_ metrics: ServerMetrics, route: String) {
        self.route = route
        self.metrics = metrics
        inFlight = metrics.inFlight.with(route)
    }

    /// A handler begins.
    func began() {
        inFlight.add()
    }

    /// A handler has answered.
    func ended() {
        inFlight.subtract()
    }

    mutating func finished(_ facts: ExchangeFacts, _ status: Status, sent: Int, durationNs: Int64) {
        counter(facts.method, status).add()
        duration.observe(Int(durationNs))
        receivedBytes.add(facts.bodyBytes)
        sentBytes.add(sent)
    }

    /// A route answers with few different codes, so that a walk is shorter than a hash.
    private mutating func counter(_ method: Method, _ status: Status) -> Counter {
        for known in requests where known.status == status && known.method == method { return known.counter }
        let counter = metrics.requests.with(route, method.name, String(status.rawValue))
        requests.append((method, status, counter))
        return counter
    }
}

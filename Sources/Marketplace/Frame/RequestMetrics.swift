import Posix
import Telemetry

/// Rate, errors and durations of what a service answers, by route.
final class RequestMetrics: Sendable {
    /// Classic buckets for everyone, exponential ones for exact quantiles, with a trace as the example of each bucket.
    static let buckets = HistogramBuckets(bounds: HistogramBuckets.latency.bounds, nativeSchema: 3)

    let isOn: Bool
    private let requests: Family<Counter>
    private let durations: Family<Histogram>
    private let inFlight: Family<Gauge>
    private let refusals: Family<Counter>
    private let failures: Family<Counter>

    init(_ registry: Registry, isOn: Bool) {
        self.isOn = isOn
        requests = registry.counters(
            "marketplace_http_requests_total", "Requests answered, by route, method and status.",
            labels: ["route", "method", "status"])
        durations = registry.histograms(
            "marketplace_http_request_duration_seconds", "From the request to its answer, by route.", unit: .seconds,
            buckets: Self.buckets, labels: ["route"])
        inFlight = registry.gauges(
            "marketplace_http_requests_in_flight", "Requests that are worked on.", labels: ["route"])
        refusals = registry.counters(
            "marketplace_http_refusals_total", "Requests that were refused, by route and reason.",
            labels: ["route", "reason"])
        failures = registry.counters(
            "marketplace_http_failures_total",
            "Answers of 5xx, by route and by whose failure it was: the service's own, or that of another that it asks.",
            labels: ["route", "cause"])
    }

    func meter(route: String, method: String) -> RouteMeter {
        RouteMeter(
            duration: durations.with(route), inFlight: inFlight.with(route), isOn: isOn,
            status: { [requests] in requests.with(route, method, $0) },
            refusal: { [refusals] in refusals.with(route, $0) },
            ownFailures: failures.with(route, "own"), dependencyFailures: failures.with(route, "dependency"))
    }
}

/// The handles of one route, each looked up once.
final class RouteMeter: Sendable {
    private let duration: Histogram
    private let inFlight: Gauge
    private let isOn: Bool
    private let status: @Sendable (String) -> Counter
    private let refusal: @Sendable (String) -> Counter
    private let ownFailures: Counter
    private let dependencyFailures: Counter
    private let known = Lock<[(code: Int, counter: Counter)]>([])

    init(
        duration: Histogram, inFlight: Gauge, isOn: Bool, status: @escaping @Sendable (String) -> Counter,
        refusal: @escaping @Sendable (String) -> Counter, ownFailures: Counter, dependencyFailures: Counter
    ) {
        self.duration = duration
        self.inFlight = inFlight
        self.isOn = isOn
        self.status = status
        self.refusal = refusal
        self.ownFailures = ownFailures
        self.dependencyFailures = dependencyFailures
    }

    func begun() { if isOn { inFlight.add() } }

    /// - Parameter isOwn: where it failed, that this was not because another service did.
    func finished(_ code: Int, durationNs: Int64, isOwn: Bool, _ trace: TraceContext) {
        guard isOn else { return }
        inFlight.subtract()
        counter(code).add()
        if code >= 500 { (isOwn ? ownFailures : dependencyFailures).add() }
        if trace.isSampled {
            duration.observe(Int(durationNs), exemplarOf: trace)
        } else {
            duration.observe(Int(durationNs))
        }
    }

    func refused(_ reason: String) { if isOn { refusal(reason).add() } }

    /// A route answers with few different codes, so that a walk is shorter than a hash.
    private func counter(_ code: Int) -> Counter {
        known.withLock { known in
            if let entry = known.first(where: { $0.code == code }) { return entry.counter }
            let counter = status(String(code))
            known.append((code, counter))
            return counter
        }
    }
}

import HTTP
import Posix
import Telemetry

/// Another service, asked over HTTP: measured, traced, bounded in time.
final class Dependency: Sendable {
    typealias Outcome = Result<ClientResponse, ClientError>

    let name: String
    private let url: String
    private let timeoutNs: Int64
    private let context: ServiceContext
    private let duration: Histogram
    private let outcomes: Family<Counter>

    init(_ name: String, url: String, timeoutMs: Int64, _ context: ServiceContext) {
        self.name = name
        self.url = url
        self.context = context
        timeoutNs = timeoutMs * 1_000_000
        outcomes = context.registry.counters(
            "marketplace_dependency_requests_total", "Requests to other services, by service and outcome.",
            labels: ["dependency", "outcome"])
        duration = context.registry.histograms(
            "marketplace_dependency_duration_seconds", "From the request to another service to its answer.",
            unit: .seconds, buckets: RequestMetrics.buckets, labels: ["dependency"]
        ).with(name)
    }

    /// Asks for `call`; `completion` runs on the client's thread and must not wait.
    func send(
        _ method: Method, _ target: String, body: [UInt8] = [], for call: Call, user: String? = nil,
        completion: @escaping @Sendable (Outcome) -> Void
    ) {
        let trace = call.trace.child()
        let startNs = context.time.monotonicNs
        let startWallNs = context.time.wallNs
        let finish: @Sendable (Outcome) -> Void = { [self] outcome in
            let durationNs = context.time.monotonicNs - startNs
            record(outcome, trace, durationNs)
            if trace.isSampled, context.options.hasTelemetry {
                context.spans.add(
                    TraceSpan(
                        "\(method.name) \(name)", trace, parentID: call.trace.spanID, kind: .client,
                        startNs: startWallNs, endNs: startWallNs + durationNs,
                        attributes: ["peer.service": .text(name)],
                        failure: Self.failure(outcome)))
            }
            completion(outcome)
        }
        if context.faults.isDead(name) {
            return finish(.failure(ClientError(.connect, "\(name) does not answer (a fault is on)")))
        }
        context.client.send(request(method, target, body, call, user, trace), completion: finish)
    }

    /// Asks and waits; not on a connection's thread.
    func answer(_ method: Method, _ target: String, body: [UInt8] = [], for call: Call) -> Outcome {
        let waiting = Monitor<Outcome?>(nil)
        send(method, target, body: body, for: call, user: call.user) { outcome in
            waiting.withLock { $0 = outcome }
            waiting.wakeAll()
        }
        return waiting.wait(until: { $0 }) ?? .failure(ClientError(.cancelled, "\(name) was not asked"))
    }

    private func request(
        _ method: Method, _ target: String, _ body: [UInt8], _ call: Call, _ user: String?, _ trace: TraceContext
    ) -> ClientRequest {
        var request = ClientRequest(method, url + target)
        request.body = body
        request.timeoutNs = timeoutNs
        request.connectTimeoutNs = min(timeoutNs, 500_000_000)
        request.acceptsGzip = false
        request.fields = [
            ("traceparent", trace.traceparent), ("x-request-id", call.requestID), ("x-forwarded-for", call.client),
        ]
        if !trace.state.isEmpty { request.fields.append(("tracestate", trace.state)) }
        if !body.isEmpty { request.fields.append(("content-type", ContentType.json)) }
        if let user { request.fields.append(("x-user-id", user)) }
        if let key = call.idempotencyKey { request.fields.append(("idempotency-key", key)) }
        return request
    }

    private func record(_ outcome: Outcome, _ trace: TraceContext, _ durationNs: Int64) {
        guard context.options.hasTelemetry else { return }
        outcomes.with(name, Self.word(outcome)).add()
        if trace.isSampled {
            duration.observe(Int(durationNs), exemplarOf: trace)
        } else {
            duration.observe(Int(durationNs))
        }
    }

    private static func word(_ outcome: Outcome) -> String {
        switch outcome {
        case .success(let response):
            response.status.rawValue >= 500 ? "failed" : response.status.rawValue >= 400 ? "refused" : "ok"
        case .failure(let error): "\(error.reason)"
        }
    }

    private static func failure(_ outcome: Outcome) -> String? {
        switch outcome {
        case .success(let response): response.status.rawValue >= 500 ? response.status.reason : nil
        case .failure(let error): error.sentence
        }
    }
}

import Encoding
import HTTP
import Posix
import Telemetry

/// One request from its arrival to its answer, with everything that is told about it: its id, its trace, its lines, its
/// numbers. It is answered once, from any thread.
final class Call: Sendable {
    let context: ServiceContext
    let requestID: String
    let trace: TraceContext
    let method: Method
    /// As it was sent, with the query.
    let target: String
    let body: [UInt8]
    /// The client's address, through the gateway.
    let client: String
    /// Who asks, as the gateway found out; nil for guests.
    let user: String?
    let idempotencyKey: String?
    let authorization: String?
    private let parameters: [(name: String, value: String)]
    private let query: [(name: String, value: String)]
    private let route: CallRoute
    private let parentID: UInt64?
    private let startNs: Int64
    private let startWallNs: Int64
    private let pending: PendingResponse

    init(_ context: ServiceContext, _ route: CallRoute, _ request: borrowing Request, _ pending: PendingResponse) {
        self.context = context
        self.route = route
        self.pending = pending
        startNs = context.time.monotonicNs
        startWallNs = context.time.wallNs
        method = request.method
        let hasQuery = request.query.count > 0
        target = hasQuery ? "\(request.pathText)?\(request.query.text)" : request.pathText
        var body: [UInt8] = []
        body.append(request.body)
        self.body = body
        var parameters: [(name: String, value: String)] = []
        for name in route.parameters { parameters.append((name, request.parameter(name))) }
        self.parameters = parameters
        query = hasQuery ? request.pairs() : []
        // The services trust each other: only the gateway is reached by others, and it says who asks.
        user = context.name == .gateway ? nil : request.headerText("x-user-id")
        client = request.headerText("x-forwarded-for") ?? request.peer.host
        idempotencyKey = request.headerText("idempotency-key")
        authorization = request.headerText("authorization")
        requestID = Self.requestID(request.headerText("x-request-id"), route.prefix, request.id)
        let state = request.headerText("tracestate")
        let parent = request.headerText("traceparent").flatMap { TraceContext(traceparent: $0, tracestate: state) }
        parentID = parent?.spanID
        trace =
            parent?.child() ?? TraceContext(sampleRatio: context.options.hasTelemetry ? context.options.traceRatio : 0)
        route.meter.begun()
    }

    /// Taken from the caller where it is short and plain, so that nobody writes into our logs what he wants.
    private static func requestID(_ given: String?, _ prefix: String, _ number: UInt64) -> String {
        if let given, (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({ $0 == 0x2d || (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) })
        {
            return given
        }
        return "\(prefix)-\(String(number, radix: 16))"
    }

    var log: Logger { context.log.with(requestID: requestID, trace: trace) }

    var isForOperators: Bool { route.pattern.hasPrefix("/admin/") }

    func parameter(_ name: String) -> String { parameters.first { $0.name == name }?.value ?? "" }

    func value(_ name: String) -> String? { query.first { $0.name == name }?.value }

    /// The body as JSON; nil where it is none, and then the call is answered.
    func json() -> JSONValue? {
        do throws(JSONError) {
            let body = body
            return try JSONValue.parse(body.span, depthMax: 16)
        } catch {
            refuse(.badRequest, "bad_json", "the body is no JSON: \(error)")
            return nil
        }
    }
}

extension Call {
    /// Answers with JSON.
    func answer(_ status: Status = .ok, _ write: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        write(&writer)
        answer(status, writer.bytes)
    }

    func answer(_ status: Status, _ body: [UInt8], contentType: String = ContentType.json) {
        var fields = ResponseFields()
        fields.append("X-Request-Id", requestID)
        pending.send(status, body.span, contentType: contentType, fields)
        finish(status, failure: nil, isOwn: true)
    }

    /// Says why not, as JSON with the request's id.
    ///
    /// - Parameters:
    ///   - reason: a word for programs and for the counter.
    ///   - sentence: for people.
    ///   - isOwn: false where another service is to blame.
    func refuse(
        _ status: Status, _ reason: String, _ sentence: String, retryAfterSeconds: Int? = nil, isOwn: Bool = true
    ) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("error")
        writer.beginObject()
        writer.member("code", reason)
        writer.member("message", sentence)
        writer.member("request_id", requestID)
        writer.endObject()
        writer.endObject()
        var fields = ResponseFields()
        fields.append("X-Request-Id", requestID)
        if let seconds = retryAfterSeconds { fields.append("Retry-After", String(seconds)) }
        pending.send(status, writer.bytes.span, contentType: ContentType.json, fields)
        route.meter.refused(reason)
        finish(status, failure: reason, isOwn: isOwn)
    }

    /// Passes on what another service answered; its refusals are counted where they were made.
    func pass(_ response: ClientResponse) {
        let type = response.field("content-type") ?? ContentType.json
        var fields = ResponseFields()
        fields.append("X-Request-Id", requestID)
        if let retry = response.field("retry-after") { fields.append("Retry-After", retry) }
        pending.send(response.status, response.body.span, contentType: type, fields)
        finish(response.status, failure: response.status.rawValue >= 400 ? "upstream" : nil, isOwn: false)
    }

    private func finish(_ status: Status, failure: String?, isOwn: Bool) {
        let durationNs = context.time.monotonicNs - startNs
        route.meter.finished(status.rawValue, durationNs: durationNs, isOwn: isOwn, trace)
        guard context.options.hasTelemetry else { return }
        report(status, durationNs, failure)
        guard trace.isSampled else { return }
        context.spans.add(
            TraceSpan(
                "\(method.name) \(route.pattern)", trace, parentID: parentID, kind: .server, startNs: startWallNs,
                endNs: startWallNs + durationNs,
                attributes: [
                    "http.route": .text(route.pattern), "http.response.status_code": .integer(status.rawValue),
                    "request_id": .text(requestID),
                ], failure: status.rawValue >= 500 ? failure ?? "failed" : nil))
    }

    /// Every failure has its line; what went well has one where its trace is recorded.
    private func report(_ status: Status, _ durationNs: Int64, _ failure: String?) {
        let code = status.rawValue
        guard code >= 400 || trace.isSampled else { return }
        let fields: LogFields = [
            "method": .text(method.name), "route": .text(route.pattern), "status": .integer(code),
            "duration_ms": .number(Double(durationNs / 1_000) / 1_000), "user": .text(user ?? ""),
            "client": .text(client), "reason": .text(failure ?? ""),
        ]
        if code >= 500 {
            log.error("request failed", fields)
        } else if code >= 400 {
            log.warning("request refused", fields)
        } else {
            log.info("request", fields)
        }
    }
}

/// What all calls of a route share.
struct CallRoute: Sendable {
    let pattern: String
    let parameters: [String]
    let meter: RouteMeter
    /// The beginning of request ids that are given here.
    let prefix: String
}

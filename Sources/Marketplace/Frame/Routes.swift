import Crypto
import Encoding
import HTTP
import Telemetry

/// The surface of a service: every route is measured, logged, traced and broken in the same way.
struct Routes {
    /// Where a handler runs.
    enum Lane: Sendable {
        /// On the connection's thread: it must not wait.
        case prompt
        /// On one of a few threads, for what asks a database.
        case waiting
    }

    typealias CallHandler = @Sendable (Call) -> Void

    private(set) var router = Router()
    private let context: ServiceContext
    private let prefix = Hexadecimal.string(SecureRandom.bytes(4).span)
    private var added: [(pattern: String, methods: [Method])] = []

    init(_ context: ServiceContext) {
        self.context = context
    }

    mutating func get(_ pattern: String, _ lane: Lane = .waiting, _ handler: @escaping CallHandler) {
        add(.get, pattern, lane, handler)
    }

    mutating func post(_ pattern: String, _ lane: Lane = .waiting, _ handler: @escaping CallHandler) {
        add(.post, pattern, lane, handler)
    }

    mutating func add(_ method: Method, _ pattern: String, _ lane: Lane, _ handler: @escaping CallHandler) {
        note(method, pattern)
        let route = callRoute(pattern, method.name)
        let context = context
        router.add(method, pattern, role: nil) { request, response in
            let call = Call(context, route, request, response.later())
            Self.begin(call, lane, handler)
        }
    }

    /// What is not for measuring: the page of metrics, health.
    mutating func plain(_ method: Method, _ pattern: String, _ handler: @escaping Handler) {
        note(method, pattern)
        router.add(method, pattern, role: nil, handler)
    }

    /// Everything else is refused in the same form as all refusals: an unknown path, and a method that a path has not.
    mutating func refuseTheRest() {
        for (pattern, methods) in added {
            for method in Method.allCases where !methods.contains(method) && ![.head, .options].contains(method) {
                refuse(method, pattern, .methodNotAllowed, "method_not_allowed")
            }
        }
        for method in Method.allCases where ![.head, .options].contains(method) {
            refuse(method, "/*rest", .notFound, "not_found")
        }
    }

    private mutating func refuse(_ method: Method, _ pattern: String, _ status: Status, _ reason: String) {
        let route = callRoute(pattern, method.name)
        let context = context
        router.add(method, pattern, role: nil) { request, response in
            let call = Call(context, route, request, response.later())
            let hint = "see /openapi.json of the gateway for what there is"
            call.refuse(status, reason, "\(call.method.name) \(request.pathText) is not served; \(hint)")
        }
    }

    private mutating func note(_ method: Method, _ pattern: String) {
        if let place = added.firstIndex(where: { $0.pattern == pattern }) {
            added[place].methods.append(method)
        } else {
            added.append((pattern, [method]))
        }
    }

    private func callRoute(_ pattern: String, _ method: String) -> CallRoute {
        let names = pattern.split(separator: "/").filter { $0.hasPrefix(":") || $0.hasPrefix("*") }
        return CallRoute(
            pattern: pattern, parameters: names.map { String($0.dropFirst()) },
            meter: context.requests.meter(route: pattern, method: method), prefix: prefix)
    }

    /// Lets the faults have their say, then the handler, on the thread that it wants.
    private static func begin(_ call: Call, _ lane: Lane, _ handler: @escaping CallHandler) {
        let faults = call.context.faults
        // What puts faults on and off works always.
        if call.isForOperators { return handler(call) }
        if let delayNs = faults.latencyNs() {
            return call.context.delays.run(afterNs: delayNs) { proceed(call, lane, handler) }
        }
        proceed(call, lane, handler)
    }

    private static func proceed(_ call: Call, _ lane: Lane, _ handler: @escaping CallHandler) {
        if let reason = call.context.faults.failure() {
            return call.refuse(.internalServerError, reason, "something is wrong here; it was logged, try again")
        }
        guard lane == .waiting else { return handler(call) }
        let isTaken = call.context.pool.run { handler(call) }
        if !isTaken {
            call.refuse(
                .serviceUnavailable, "overload", "too many requests wait already; try again", retryAfterSeconds: 1)
        }
    }
}

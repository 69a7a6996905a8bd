import Encoding
import HTTP
import Telemetry

/// The one service that clients reach: it knows who asks and how often, and passes requests on.
final class Gateway: Service {
    private let context: ServiceContext
    private let tokens: AccessTokens
    private let rates: ClientRates
    private let failures: AuthenticationFailures
    private let dependencies: [ServiceName: Dependency]

    init(_ context: ServiceContext) throws {
        self.context = context
        tokens = AccessTokens(secret: context.options.secret)
        rates = ClientRates(perSecond: context.options.clientRequestsPerSecond)
        failures = AuthenticationFailures(context.registry)
        var dependencies: [ServiceName: Dependency] = [:]
        for service in Set(Endpoint.all.map(\.service)) {
            // What a page can do without is not waited for as long.
            let isOptional = service == .recommendations
            dependencies[service] = context.dependency(service, timeoutMs: isOptional ? 500 : 5_000)
        }
        self.dependencies = dependencies
    }

    func add(to routes: inout Routes) {
        let description = StaticAnswer(
            OpenAPI.document(version: context.options.version), contentType: ContentType.json)
        routes.plain(.get, "/openapi.json") { request, response in description.send(to: request, &response) }
        for endpoint in Endpoint.all {
            guard let dependency = dependencies[endpoint.service] else { continue }
            routes.add(endpoint.method, "/v1" + endpoint.pattern, .prompt) { [self] call in
                serve(call, endpoint, dependency)
            }
        }
    }

    private func serve(_ call: Call, _ endpoint: Endpoint, _ dependency: Dependency) {
        let user: String?
        switch identify(call) {
        case .success(let known): user = known
        case .failure(let error): return refuse(call, error)
        }
        if let seconds = rates.take(user ?? call.client, nowNs: context.time.monotonicNs) {
            return call.refuse(
                .tooManyRequests, "rate_limited",
                "more than \(context.options.clientRequestsPerSecond) requests a second; ask again later",
                retryAfterSeconds: seconds)
        }
        if endpoint.needsUser, user == nil { return refuse(call, TokenFailure.absent) }
        guard call.body.count <= endpoint.bodyBytesMax else {
            return call.refuse(
                .contentTooLarge, "too_large", "the body has more than \(endpoint.bodyBytesMax) bytes")
        }
        dependency.send(
            endpoint.method, String(call.target.dropFirst(3)), body: call.body, for: call, user: user
        ) { outcome in Self.finish(call, endpoint, outcome) }
    }

    private static func finish(_ call: Call, _ endpoint: Endpoint, _ outcome: Dependency.Outcome) {
        switch outcome {
        case .success(let response):
            if response.status.rawValue >= 500, let degraded = endpoint.degraded {
                return call.answer(.ok, Array(degraded.utf8))
            }
            call.pass(response)
        case .failure(let error):
            if let degraded = endpoint.degraded {
                call.log.warning(
                    "answered without a service",
                    ["dependency": .text(endpoint.service.rawValue), "error": .text(error.sentence)])
                return call.answer(.ok, Array(degraded.utf8))
            }
            let isLate = error.reason == .timeout
            call.refuse(
                isLate ? .gatewayTimeout : .badGateway, isLate ? "upstream_timeout" : "upstream_unreachable",
                "\(endpoint.service.rawValue) \(isLate ? "did not answer in time" : "cannot be reached")",
                isOwn: false)
        }
    }

    /// - Returns: nil where nobody says who he is.
    private func identify(_ call: Call) -> Result<String?, TokenFailure> {
        guard let header = call.authorization else { return .success(nil) }
        guard header.hasPrefix("Bearer ") else { return .failure(.malformed) }
        do throws(TokenFailure) {
            return .success(try tokens.subject(of: String(header.dropFirst(7)), .access, nowNs: context.time.wallNs))
        } catch {
            return .failure(error)
        }
    }

    private func refuse(_ call: Call, _ failure: TokenFailure) {
        if failure != .absent { failures.add(failure.rawValue) }
        call.refuse(.unauthorized, failure.rawValue, failure.sentence)
    }
}

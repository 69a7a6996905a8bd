package import HTTP
package import Telemetry

/// `/metrics` and `/-/...`: what a supervisor and another Prometheus ask.
package struct OperationsAPI: Sendable {
    /// Does what was asked and calls back once, on any thread: nil, or the sentence that says why it failed.
    package typealias Reload = @Sendable (_ done: @escaping @Sendable (String?) -> Void) -> Void

    private let registry: Registry
    private let readiness: Readiness
    private let reload: Reload
    private let quit: @Sendable () -> Void

    /// - Parameters:
    ///   - reload: must return at once; reading files is not for the thread of a loop.
    ///   - quit: begins the graceful end; must return at once.
    package init(
        registry: Registry, readiness: Readiness, reload: @escaping Reload, quit: @escaping @Sendable () -> Void
    ) {
        self.registry = registry
        self.readiness = readiness
        self.reload = reload
        self.quit = quit
    }

    package func add(to router: inout Router) {
        router.get("/metrics", role: .read) { [registry] request, response in
            let format = ExpositionFormat(accept: request.headerText("accept"))
            response.send(registry.exposition(format), contentType: format.contentType)
        }
        router.get("/-/healthy", role: nil) { _, response in response.send("obs is healthy.\n") }
        // As Prometheus and as Loki have it.
        for path in ["/-/ready", "/ready"] {
            router.get(path, role: nil) { [readiness] _, response in
                if readiness.isReady { return response.send("obs is ready.\n") }
                response.status = .serviceUnavailable
                response.send("obs is not ready: it starts or stops.\n")
            }
        }
        for method in [Method.post, .put] {
            router.add(method, "/-/reload", role: .admin) { [reload] _, response in
                let answer = response.later()
                reload { failure in
                    if let failure { return answer.send(.internalServerError, failure + "\n") }
                    answer.send(.ok, "")
                }
            }
            router.add(method, "/-/quit", role: .admin) { [quit] _, response in
                response.send("obs stops.\n")
                quit()
            }
        }
    }
}

import CCurl
package import Posix
package import Telemetry

/// Requests to other servers: thousands at once on one thread over libcurl's multi interface, with kept connections.
///
/// The thread starts with the first request, and with it libcurl is loaded: a process that never asks anybody does not
/// pay for it.
package final class HTTPClient: Sendable {
    /// Called once, on the client's thread: it must not wait.
    package typealias Completion = @Sendable (Result<ClientResponse, ClientError>) -> Void

    private struct State {
        var thread: OwnedThread?
        var engine: CurlEngine?
        var isStopped = false
        var underWay = 0
    }

    private let state = Lock(State())
    private let limits: HTTPClientLimits
    private let metrics: ClientMetrics
    private let files: any FileSystem
    private let time: any TimeSource

    /// - Parameter name: what the requests are for, as the metrics' label shows it: scrape, remote_write, webhook.
    package init(
        _ name: String, limits: HTTPClientLimits = HTTPClientLimits(), registry: Registry,
        files: any FileSystem = LocalFileSystem(), time: any TimeSource = SystemTime()
    ) {
        self.limits = limits
        self.files = files
        self.time = time
        metrics = ClientMetrics(registry, client: name)
    }

    /// Sends a request; from any thread. Refused at once where as many are under way as may be.
    ///
    /// - Parameter cancellation: raise it and call `wake` to have the request ended early.
    package func send(
        _ request: ClientRequest, cancellation: Cancellation = Cancellation(), completion: @escaping Completion
    ) {
        do throws(ClientError) {
            let engine = try admit()
            let startedNs = time.monotonicNs
            let isAccepted = engine.submit(request, startedNs: startedNs, cancellation) { [self] result in
                state.withLock { $0.underWay -= 1 }
                metrics.finished(result, durationNs: time.monotonicNs - startedNs)
                completion(result)
            }
            guard !isAccepted else { return }
            state.withLock { $0.underWay -= 1 }
            throw ClientError(.cancelled, "the client is stopped")
        } catch {
            metrics.finished(.failure(error), durationNs: 0)
            completion(.failure(error))
        }
    }

    /// Sends a request and waits for the answer; never on the client's own thread.
    package func answer(to request: ClientRequest) throws(ClientError) -> ClientResponse {
        let waiting = Monitor<Result<ClientResponse, ClientError>?>(nil)
        send(request) { result in
            waiting.withLock { $0 = result }
            waiting.wakeAll()
        }
        guard let result = waiting.wait(until: { $0 }) else {
            preconditionFailure("BUG: waiting without a limit ended without a result")
        }
        return try result.get()
    }

    /// Looks at once for requests whose cancellation was raised.
    package func wake() { state.withLock { $0.engine }?.wake() }

    /// Ends every request under way as cancelled and joins the thread. Not on the client's own thread.
    package func stop() {
        let (thread, engine) = state.withLock { state in
            state.isStopped = true
            defer { (state.thread, state.engine) = (nil, nil) }
            return (state.thread, state.engine)
        }
        engine?.stop()
        thread?.join()
    }

    /// Counts a request in and makes sure that the engine runs.
    private func admit() throws(ClientError) -> CurlEngine {
        try state.withLock { state throws(ClientError) in
            if state.isStopped { throw ClientError(.cancelled, "the client is stopped") }
            if state.underWay >= limits.underWayMax {
                throw ClientError(
                    .tooMany, "\(limits.underWayMax) requests are under way, which is the limit of this client")
            }
            if state.engine == nil { try start(&state) }
            guard let engine = state.engine else {
                preconditionFailure("BUG: the client has started without an engine")
            }
            state.underWay += 1
            return engine
        }
    }

    private func start(_ state: inout State) throws(ClientError) {
        if let failure = unsafe ccurl_load() {
            throw ClientError(
                .setup, "libcurl cannot be loaded: \(unsafe String(cString: failure)); install the package libcurl4")
        }
        do throws(SystemError) {
            let engine = try CurlEngine(
                TransferSettings(files: files), connectionsKeptMax: limits.connectionsKeptMax, time: time)
            state.thread = try OwnedThread(name: "http-client") { engine.run() }
            state.engine = engine
        } catch {
            throw ClientError(.setup, "the HTTP client cannot start: \(error)")
        }
    }
}

/// The bounds of a client.
package struct HTTPClientLimits: Sendable {
    /// Requests at once, those that wait for their next attempt included.
    package var underWayMax = 4096
    /// Idle connections that are kept for further requests.
    package var connectionsKeptMax = 4096

    package init() {}
}

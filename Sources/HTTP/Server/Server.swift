package import Crypto
package import Posix
import Synchronization
package import Telemetry

/// One answered request, for the access log.
package struct AccessRecord: Sendable {
    package let method: Method
    /// As it was sent, without the query, which may hold secrets.
    package let path: String
    /// Nil where nothing is at the path.
    package let route: Route?
    /// A handler answered, not the server itself.
    package let isHandled: Bool
    package let status: Status
    package let peer: SocketAddress
    package let principal: Principal?
    package let requestID: UInt64
    package let receivedBytes: Int
    package let sentBytes: Int
    package let durationNs: Int64

    /// The route's pattern.
    package var pattern: String? { route?.pattern }
}

package typealias AccessLog = @Sendable (AccessRecord) -> Void

/// What all workers of a server share.
final class ServerCore: Sendable {
    let options: ServerOptions
    let router: Router
    let gate: Gate?
    let accessLog: AccessLog?
    let metrics: ServerMetrics
    /// For requests whose bodies are long work; nil where no route takes such.
    let beside: HandlerPool?
    private let connections = Atomic<Int>(0)
    private let requests = Atomic<UInt64>(0)
    private let workers = Lock<[Worker]>([])

    init(
        _ options: ServerOptions, _ router: Router, _ gate: Gate?, _ accessLog: AccessLog?, _ metrics: ServerMetrics
    ) throws(SystemError) {
        beside =
            router.routes.contains { $0.role == .ingest }
            ? try HandlerPool(
                name: "http-body", threads: options.workers, waitingMax: options.besideWaitingMax, standing: .low)
            : nil
        self.options = options
        self.router = router
        self.gate = gate
        self.accessLog = accessLog
        self.metrics = metrics
    }

    func nextRequestID() -> UInt64 { requests.wrappingAdd(1, ordering: .relaxed).newValue }

    /// - Returns: false when there are as many connections as there may be.
    func connectionBegins() -> Bool {
        let count = connections.wrappingAdd(1, ordering: .relaxed).newValue
        if count <= options.connectionsMax {
            metrics.connections.add()
            return true
        }
        metrics.connectionsRefused.add()
        connections.wrappingSubtract(1, ordering: .relaxed)
        return false
    }

    func connectionEnded() {
        connections.wrappingSubtract(1, ordering: .relaxed)
    }

    var connectionCount: Int { connections.load(ordering: .relaxed) }

    func setWorkers(_ new: [Worker]) {
        workers.withLock { $0 = new }
    }

    func leastLoaded(preferring own: Worker) -> Worker {
        workers.withLock { workers in
            var best = own
            for worker in workers
            where worker.load.load(ordering: .relaxed) < best.load.load(ordering: .relaxed) { best = worker }
            return best
        }
    }
}

/// An HTTP/1.1 and 1.0 server: a few threads, each with an event loop that runs requests to completion.
package final class Server: Sendable {
    private struct Running {
        var threads: [OwnedThread] = []
        var listening: [ListeningSocket] = []
        var acceptors: [(Acceptor, Worker)] = []
    }

    private let core: ServerCore
    private let workers: [Worker]
    private let running = Lock(Running())

    package init(
        _ options: ServerOptions = ServerOptions(), router: Router, gate: Gate? = nil, accessLog: AccessLog? = nil,
        registry: Registry, time: any TimeSource = SystemTime()
    ) throws(SystemError) {
        let core = try ServerCore(options, router, gate, accessLog, ServerMetrics(registry))
        registry.callback("obs_http_connections", "Connections that are open.") { [core] in
            Double(core.connectionCount)
        }
        var workers: [Worker] = []
        for _ in 0..<max(1, options.workers) { workers.append(try Worker(core, time)) }
        core.setWorkers(workers)
        self.core = core
        self.workers = workers
    }

    /// Connections that are open now.
    package var connectionCount: Int { core.connectionCount }

    /// Starts the threads. Connections come with `listen`.
    package func start() throws(SystemError) {
        for (index, worker) in workers.enumerated() {
            let thread = try OwnedThread(name: "http-\(index)") {
                OwnedThread.shortenTurns()
                worker.loop.run()
            }
            running.withLock { $0.threads.append(thread) }
        }
    }

    /// Takes connections on an address, over TLS where there is a store of certificates.
    ///
    /// - Returns: the address with the port that the kernel chose for port 0.
    package func listen(on address: SocketAddress, tls: TLSStore? = nil) throws(SystemError) -> SocketAddress {
        // OpenSSL writes to sockets whose peer may be gone without asking for an error instead of the signal.
        if tls != nil { SignalReceiver.ignoreBrokenPipes() }
        let socket = try ListeningSocket(on: address, tls)
        running.withLock { $0.listening.append(socket) }
        for worker in workers {
            let acceptor = Acceptor(socket, worker)
            running.withLock { $0.acceptors.append((acceptor, worker)) }
            worker.loop.submit {
                do {
                    try acceptor.start()
                } catch {
                    preconditionFailure("BUG: a listening socket cannot be waited for: \(error)")
                }
            }
        }
        return socket.address
    }

    /// Takes no more connections, lets requests that have begun finish, and ends the threads.
    ///
    /// - Parameter limitNs: after this long connections are closed whatever they do.
    package func stop(drainingAtMostNs limitNs: Int64) {
        let (threads, acceptors) = running.withLock { running in
            defer { running = Running() }
            return (running.threads, running.acceptors)
        }
        for (acceptor, worker) in acceptors { worker.loop.submit { acceptor.stop() } }
        for worker in workers { worker.loop.submit { worker.drain(atMostNs: limitNs) } }
        for thread in threads { thread.join() }
        core.beside?.stop()
        core.setWorkers([])
    }
}

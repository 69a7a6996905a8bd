import HTTP
import Posix
import Telemetry
import Web

/// The server as one thing: what it is built of, in the order in which it starts, and how it ends.
final class Collector: Sendable {
    /// How long requests that have begun may take to finish once the end was asked for.
    private static let drainNs: Int64 = 10_000_000_000
    /// After this long the end is forced.
    private static let stopNs: Int64 = 20_000_000_000
    /// Threads that serve connections; more do not help, as long work is done elsewhere.
    private static let workersMax = 16

    /// Where it listens, with the ports that the kernel chose.
    let addresses: [SocketAddress]
    private let lifecycle: Lifecycle
    private let sink: LogSink
    private let log: Logger
    private let dataLock: DataDirectoryLock
    private let accessLog: AccessLogFile?
    private let readiness = Readiness()
    private let server: Server

    /// Starts everything. On return the server answers.
    ///
    /// - Parameter flags: of the command line, for `/api/v1/status/flags`.
    init(_ options: CollectorOptions, flags: [(name: String, value: String)], _ lifecycle: Lifecycle) throws {
        let time = SystemTime()
        let startedNs = time.monotonicNs
        if let refusal = ListenPolicy.refusal(
            of: options.addresses, hasAuth: false, isInsecure: options.isInsecure)
        {
            throw StartFailure(refusal)
        }
        let registry = Registry(time: time)
        registry.registerProcessMetrics()
        registry.registerBuildInfo(version: Version.current, revision: Version.revision)
        let sink = LogSink(level: options.logLevel, form: options.logForm, registry: registry, time: time)
        let log = Logger(sink, component: "collector")
        (self.lifecycle, self.sink, self.log) = (lifecycle, sink, log)

        let files = LocalFileSystem()
        try files.createDirectories(options.dataDirectory)
        dataLock = try DataDirectoryLock(options.dataDirectory, in: files)

        accessLog = try Self.openAccessLog(options.accessLog, registry)

        let router = Self.router(registry, readiness, lifecycle, Self.facts(flags, time))
        var serverOptions = ServerOptions()
        serverOptions.workers = min(Machine.processors, Self.workersMax)
        server = try Server(
            serverOptions, router: router,
            gate: options.isInsecure ? nil : OpenGate.gate(isLoopback: options.addresses.allSatisfy(\.isLoopback)),
            accessLog: accessLog?.accessLog, registry: registry, time: time)
        addresses = try Self.start(server, on: options.addresses)
        for address in addresses { log.info("listening", ["address": .text("\(address)")]) }
        readiness.isReady = true
        log.info("ready", ["after": .nanoseconds(time.monotonicNs - startedNs)])
    }

    private static func openAccessLog(_ path: String?, _ registry: Registry) throws(SystemError) -> AccessLogFile? {
        guard let path else { return nil }
        return try AccessLogFile(path, registry: registry)
    }

    private static func start(_ server: Server, on addresses: [SocketAddress]) throws -> [SocketAddress] {
        try server.start()
        do {
            return try addresses.map { address throws(SystemError) in try server.listen(on: address) }
        } catch {
            server.stop(drainingAtMostNs: 0)
            throw StartFailure("cannot listen: \(error); choose another address with --listen")
        }
    }

    /// Everything that the server answers, surface by surface.
    private static func router(
        _ registry: Registry, _ readiness: Readiness, _ lifecycle: Lifecycle, _ facts: ServerFacts
    ) -> Router {
        var router = Router()
        OperationsAPI(
            registry: registry, readiness: readiness, reload: { lifecycle.requestReload($0) },
            quit: { lifecycle.requestStop() }
        ).add(to: &router)
        StatusAPI(facts).add(to: &router)
        OverviewPage([
            .init("/metrics", "what the server measures of itself, for a Prometheus"),
            .init("/-/ready", "whether it answers completely"),
            .init("/api/v1/status/runtimeinfo", "since when it runs, and where"),
            .init("/api/v1/status/flags", "the flags of its command line"),
        ]).add(to: &router)
        return router
    }

    private static func facts(_ flags: [(name: String, value: String)], _ time: SystemTime) -> ServerFacts {
        let startedAtMs = time.wallMs
        return ServerFacts(
            version: Version.current, revision: Version.revision, flags: flags, hostname: Machine.hostname,
            workingDirectory: Machine.workingDirectory, processors: Machine.processors, startedAtMs: startedAtMs,
            nowMs: { time.wallMs },
            threads: { (try? ProcessFigures())?.threads ?? 0 },  // without /proc nobody knows
            configuration: {
                ServerFacts.Configuration(yaml: "", isLastReloadSuccessful: true, loadedAtMs: startedAtMs)
            })
    }

    /// - Returns: nil, or why something stays as it was.
    private func reload() -> String? {
        do {
            try accessLog?.reopen()
            return nil
        } catch {
            log.error("cannot open the access log anew", ["error": .error(error)])
            return "cannot open the access log anew: \(error)"
        }
    }

    /// Serves until the end is asked for or the time is over, then ends in good order.
    func run(atMostNs limitNs: Int64?) throws {
        let end = lifecycle.run(atMostNs: limitNs, reload: reload)
        let deadline = try ExitDeadline(
            afterNs: Self.stopNs, message: "obs: did not end in good order in time and gives up")
        readiness.isReady = false
        log.info("stopping", ["reason": end == .asked ? "asked to" : "its time is over"])
        server.stop(drainingAtMostNs: Self.drainNs)
        log.info("stopped")
        sink.flush()
        deadline.cancel()
    }
}

/// Why a server cannot start, as a sentence.
struct StartFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

import Crypto
import HTTP
import Ingest
import Ledger
import LogQL
import Posix
import PromQL
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
    /// `http` or `https`.
    var scheme: String { tls == nil ? "http" : "https" }
    private let lifecycle: Lifecycle
    private let sink: LogSink
    private let log: Logger
    private let configuration: LiveConfiguration
    private let dataLock: DataDirectoryLock
    private let ledger: Ledger
    private let access: AccessControl
    /// Nil where the server speaks plain HTTP.
    private let tls: TLSStore?
    private let accessLog: AccessLogFile?
    /// They help queries.
    private let workers: Workers
    private let metrics: MetricBackend
    private let alerts: AlertDelivery
    private let rules: RuleBackend
    private let logs: LogBackend
    private let agents: AgentRegister
    private let readiness = Readiness()
    private let server: Server

    /// Starts everything. On return the server answers.
    ///
    /// - Parameter flags: of the command line, for `/api/v1/status/flags`.
    init(_ options: CollectorOptions, flags: [(name: String, value: String)], _ lifecycle: Lifecycle) throws {
        let time = SystemTime()
        let startedNs = time.monotonicNs
        let registry = Registry(time: time)
        registry.registerProcessMetrics()
        registry.registerBuildInfo(version: Version.current, revision: Version.revision)
        let sink = LogSink(level: options.logLevel, form: options.logForm, registry: registry, time: time)
        let log = Logger(sink, component: "collector")
        (self.lifecycle, self.sink, self.log) = (lifecycle, sink, log)
        let configuration = try LiveConfiguration(options.configuration, registry: registry, log: log, time: time)
        self.configuration = configuration

        let dataDirectory =
            options.dataDirectory ?? configuration.current.storage.path ?? CollectorOptions.dataDirectoryDefault
        ledger = Ledger(
            directory: FilePath.join(dataDirectory, LocalLedger.directoryName), registry: registry,
            log: log.component("ledger"), time: time)
        access = AccessControl(
            addresses: options.addresses, isInsecure: options.isInsecure, ledger: ledger, registry: registry, log: log,
            time: time)
        try access.apply(configuration.current.auth)
        tls = try configuration.current.tls.map { tls throws(TLSError) in try TLSStore(tls, time: time) }
        dataLock = try Self.take(dataDirectory)
        accessLog = try Self.openAccessLog(options.accessLog, registry)
        // Queries get a half of what the process may hold.
        let memory = QueryMemory(
            limitBytes: Int((options.memoryBytes ?? Int64(Machine.memoryBytes / 2)) / 2))
        workers = try Workers(helpers: Machine.processors - 1)
        let logs = try LogBackend(
            configuration.current.storage, configuration.current.logs, configuration.current.queries,
            workers: workers, memory: memory, dataDirectory: dataDirectory, registry: registry,
            log: log.component("logs"), time: time)
        self.logs = logs
        metrics = try MetricBackend(
            configuration.current.storage, configuration.current.queries, workers: workers, memory: memory,
            logs: { (request) throws(QueryError) in try logs.engine.series(request) }, dataDirectory: dataDirectory,
            registry: registry, log: log.component("metrics"), time: time)
        alerts = try AlertDelivery(
            directory: FilePath.join(dataDirectory, LocalLedger.directoryName), externalURL: options.externalURL,
            registry: registry, log: log.component("alerts"), time: time)
        try alerts.apply(configuration.current)
        rules = try RuleBackend(
            metrics, logs.engine, externalURL: options.externalURL, registry: registry, log: log.component("rules"),
            time: time,
            notify: alerts.notify, record: alerts.record)

        agents = AgentRegister(FilePath.join(dataDirectory, "agents.json"), registry: registry, time: time)
        let facts = Self.facts(flags, configuration, time)
        let backups = BackupMaker(
            metrics.store, logs.store, ledger, alerts,
            ledgerDirectory: FilePath.join(dataDirectory, LocalLedger.directoryName), time: time)
        var serverOptions = ServerOptions()
        serverOptions.crossOrigin = options.crossOrigin
        serverOptions.workers = min(Machine.processors, Self.workersMax)
        server = try Server(
            serverOptions,
            router: Self.router(
                registry, readiness, lifecycle, facts, metrics, configuration, backups, rules, alerts, logs, agents,
                access, ledger),
            gate: access.gate,
            accessLog: Self.accessRecords(access, accessLog), registry: registry, time: time)
        addresses = try Self.start(server, on: options.addresses, tls)
        try ledger.start()
        try metrics.record(registry, instance: "\(addresses[0])") {
            configuration.current.global.scrape.intervalMs
        }
        for address in addresses { log.info("listening", ["address": .text("\(address)")]) }
        try metrics.apply(configuration.current)
        try logs.apply(configuration.current.logs)
        rules.apply(configuration.current)
        readiness.isReady = true
        log.info("ready", ["after": .nanoseconds(time.monotonicNs - startedNs)])
    }

    /// Serves until the end is asked for or the time is over, then ends in good order.
    ///
    /// - Parameter beforeEnd: ends those who send to it, while it still takes what they have left.
    func run(atMostNs limitNs: Int64?, beforeEnd: () -> Void = {}) throws {
        let end = lifecycle.run(
            atMostNs: limitNs, log, whenSettled: { metrics.queries.rehearse("obs_build_info") }, reload: reload)
        beforeEnd()
        let deadline = try ExitDeadline(
            afterNs: Self.stopNs, message: "obs: did not end in good order in time and gives up")
        readiness.isReady = false
        log.info("stopping", ["reason": end == .asked ? "asked to" : "its time is over"])
        logs.endFollowers()
        server.stop(drainingAtMostNs: Self.drainNs)
        rules.stop()
        alerts.stop()
        metrics.stop()
        logs.stop()
        workers.stop()
        agents.save()
        access.stop()
        ledger.stop()
        log.info("stopped")
        sink.flush()
        deadline.cancel()
    }

    /// - Returns: nil, or why something stays as it was.
    private func reload() -> String? {
        do {
            try accessLog?.reopen()
            try configuration.reload { new in
                try Self.reload(tls, new.tls)
                try access.apply(new.auth)
                try metrics.apply(new)
                try alerts.apply(new)
                try logs.apply(new.logs)
                rules.apply(new)
            }
            return nil
        } catch {
            return "the old configuration stays:\n\(error)"
        }
    }
}

/// The parts, each made in one place.
extension Collector {
    private static func take(_ dataDirectory: String) throws -> DataDirectoryLock {
        let files = LocalFileSystem()
        try files.createDirectories(dataDirectory)
        return try DataDirectoryLock(dataDirectory, in: files)
    }

    /// Certificates can be replaced while connections live; whether an address speaks TLS cannot.
    private static func reload(_ store: TLSStore?, _ new: TLSOptions?) throws {
        switch (store, new) {
        case (nil, nil): break
        case (let store?, let new?): try store.reload(new)
        case (nil, _?): throw StartFailure("tls is new in the configuration: it takes a restart")
        case (_?, nil): throw StartFailure("tls has gone from the configuration: it takes a restart")
        }
    }

    private static func openAccessLog(_ path: String?, _ registry: Registry) throws(SystemError) -> AccessLogFile? {
        guard let path else { return nil }
        return try AccessLogFile(path, registry: registry)
    }

    private static func accessRecords(_ access: AccessControl, _ file: AccessLogFile?) -> AccessLog {
        let write = file?.accessLog
        return { record in
            access.noteServed(record)
            write?(record)
        }
    }

    static func start(
        _ server: Server, on addresses: [SocketAddress], _ tls: TLSStore?
    ) throws -> [SocketAddress] {
        try server.start()
        do {
            return try addresses.map { address throws(SystemError) in try server.listen(on: address, tls: tls) }
        } catch {
            server.stop(drainingAtMostNs: 0)
            throw StartFailure("cannot listen: \(error); choose another address with --listen")
        }
    }

    /// Everything that the server answers, surface by surface.
    private static func router(
        _ registry: Registry, _ readiness: Readiness, _ lifecycle: Lifecycle, _ facts: ServerFacts,
        _ metrics: MetricBackend, _ configuration: LiveConfiguration, _ backups: BackupMaker,
        _ rules: RuleBackend, _ alerts: AlertDelivery, _ logs: LogBackend, _ agents: AgentRegister,
        _ access: AccessControl, _ ledger: Ledger
    ) -> Router {
        var router = Router()
        OperationsAPI(
            registry: registry, readiness: readiness, reload: { lifecycle.requestReload($0) },
            quit: { lifecycle.requestStop() }
        ).add(to: &router)
        StatusAPI(facts).add(to: &router)
        metrics.add(to: &router, backups) { ExternalLabels(configuration.current.global.externalLabels) }
        rules.add(to: &router, pool: metrics.queries.pool)
        alerts.add(to: &router)
        logs.add(to: &router, metrics.queries, transfers: metrics.transfers)
        AgentsAPI(agents, logs.store, pool: metrics.queries.pool).add(to: &router)
        let dashboards = DashboardsAPI(ledger, pool: metrics.queries.pool) {
            DashboardFolders(configuration.current.dashboards.folders)
        }
        dashboards.add(to: &router)
        RenderAPI(metrics.queries, logs.engine, dashboards, ledger, time: SystemTime()).add(to: &router)
        access.sessions(ledger, pool: metrics.queries.pool).add(to: &router)
        LinksAPI(ledger, pool: metrics.queries.pool).add(to: &router)
        FilteredExpressionAPI().add(to: &router)
        Pages(PageAssets()).add(to: &router)
        return router
    }

    private static func facts(
        _ flags: [(name: String, value: String)], _ configuration: LiveConfiguration, _ time: SystemTime
    ) -> ServerFacts {
        ServerFacts(
            version: Version.current, revision: Version.revision, flags: flags, hostname: Machine.hostname,
            workingDirectory: Machine.workingDirectory, processors: Machine.processors, startedAtMs: time.wallMs,
            nowMs: { time.wallMs },
            threads: { (try? ProcessFigures())?.threads ?? 0 },  // without /proc nobody knows
            configuration: { configuration.shown })
    }
}

/// Why a server cannot start, as a sentence.
struct StartFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

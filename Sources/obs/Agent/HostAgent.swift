import Agent
import Crypto
import Encoding
import HTTP
import Posix
import Telemetry
import Web

/// The agent as one thing: what it is built of, in the order in which it starts, and how it ends.
///
/// It is meant to be small: one thread serves connections, one answers for pages, one asks the collectors.
final class HostAgent: Sendable {
    private static let drainNs: Int64 = 2_000_000_000
    private static let stopNs: Int64 = 20_000_000_000
    /// Most of what an agent does it does once: at its start, for the first page, when a collector comes back.
    private static let thriftyEveryNs: Int64 = 60_000_000_000
    /// Pages that wait for the one that is made.
    private static let pagesWaitingMax = 16

    /// Where it listens, with the ports that the kernel chose.
    let addresses: [SocketAddress]
    private let sink: LogSink
    private let log: Logger
    private let lifecycle: Lifecycle
    private let authenticator: Authenticator?
    private let pages: HandlerPool
    private let server: Server
    /// Asks services over HTTP.
    private let client: HTTPClient
    private let options: AgentOptions
    private let registry: Registry
    private let tls: TLSStore?
    private let work: Lock<AgentWork>

    /// Starts everything. On return the agent answers.
    init(_ options: AgentOptions, _ lifecycle: Lifecycle) throws {
        let time = SystemTime()
        let startedNs = time.monotonicNs
        let registry = Registry(time: time)
        registry.registerProcessMetrics()
        registry.registerBuildInfo(version: Version.current, revision: Version.revision)
        let sink = LogSink(level: options.logLevel, form: options.logForm, registry: registry, time: time)
        let log = Logger(sink, component: "agent")
        (self.lifecycle, self.sink, self.log) = (lifecycle, sink, log)
        (self.options, self.registry) = (options, registry)
        let configuration = try Self.load(options, log)
        let client = HTTPClient("integrations", registry: registry, time: time)
        self.client = client
        pages = try HandlerPool(name: "pages", threads: 1, waitingMax: Self.pagesWaitingMax)
        let listen = Self.listen(configuration)
        let authenticator = try Self.authenticator(configuration, registry, time)
        self.authenticator = authenticator
        if let refusal = ListenRule.refusal(
            of: listen, hasAuthentication: authenticator != nil, isInsecureAllowed: options.isInsecure)
        {
            throw StartFailure(refusal)
        }
        var serverOptions = ServerOptions()
        serverOptions.workers = 1
        let tls = try configuration.tls.map { tls throws(TLSError) in try TLSStore(tls, time: time) }
        self.tls = tls
        let work = Lock(try AgentWork(configuration, client: client, registry: registry, log: log, time: time))
        self.work = work
        server = try Server(
            serverOptions, router: Self.router(pages) { work.withLock { $0 } },
            gate: Self.gate(listen, options, authenticator, time),
            accessLog: { authenticator?.noteServed($0) }, registry: registry, time: time)
        addresses = try Collector.start(server, on: listen, tls)
        for address in addresses { log.info("listening", ["address": .text("\(address)")]) }
        log.info("ready", ["after": .nanoseconds(time.monotonicNs - startedNs)])
    }

    /// Works until the end is asked for, then ends in good order.
    func run() throws {
        _ = lifecycle.run(atMostNs: nil, thriftyEveryNs: Self.thriftyEveryNs, log, reload: reload)
        let deadline = try ExitDeadline(
            afterNs: Self.stopNs, message: "obs: did not end in good order in time and gives up")
        log.info("stopping")
        server.stop(drainingAtMostNs: Self.drainNs)
        pages.stop()
        try work.withLock { $0 }.stop(endsSeries: true)
        client.stop()
        authenticator?.stop()
        log.info("stopped")
        sink.flush()
        deadline.cancel()
    }
}

// A new configuration.
extension HostAgent {
    /// - Returns: nil, or why something stays as it was.
    private func reload() -> String? {
        let old = work.withLock { $0 }
        do {
            let new = try Self.load(options, log)
            if let refusal = refusal(of: new, after: old.configuration) { throw StartFailure(refusal) }
            // Two cannot use one spool: the old work ends first.
            try old.stop(endsSeries: false)
            do {
                try begin(new)
            } catch {
                try begin(old.configuration)
                throw error
            }
            if let (store, options) = tls.flatMap({ store in new.tls.map { (store, $0) } }) {
                try store.reload(options)
            }
            log.info("reloaded")
            return nil
        } catch {
            let sentence = "the old configuration stays:\n\(error)"
            log.error("the configuration cannot be put in force", ["error": .text("\(error)")])
            return sentence
        }
    }

    private func begin(_ configuration: AgentConfiguration) throws {
        let new = try AgentWork(configuration, client: client, registry: registry, log: log, time: SystemTime())
        work.withLock { $0 = new }
    }

    private func refusal(of new: AgentConfiguration, after old: AgentConfiguration) -> String? {
        if Self.listen(new) != Self.listen(old) { return "listen has changed: it takes a restart" }
        if (new.tls == nil) != (old.tls == nil) { return "tls came or went: it takes a restart" }
        if (new.auth == nil) != (old.auth == nil) { return "auth came or went: it takes a restart" }
        return nil
    }
}

/// The parts, each made in one place.
extension HostAgent {
    private static func listen(_ configuration: AgentConfiguration) -> [SocketAddress] {
        configuration.listen.isEmpty ? [SocketAddress(AgentOptions.listenDefault)!] : configuration.listen
    }

    /// The file's configuration with what the command line says over it.
    private static func load(_ options: AgentOptions, _ log: Logger) throws -> AgentConfiguration {
        var configuration = AgentConfiguration()
        if let path = options.configuration {
            let result = AgentConfiguration.load(path: path)
            guard result.errors.isEmpty else {
                throw StartFailure(result.errors.map(\.description).joined(separator: "\n"))
            }
            for notice in result.notices {
                log.warning("the configuration is accepted with a notice", ["notice": .text("\(notice)")])
            }
            configuration = result.configuration
        }
        if !options.listen.isEmpty { configuration.listen = options.listen }
        if let path = options.procfs { configuration.host.procfs = path }
        if let path = options.sysfs { configuration.host.sysfs = path }
        if let path = options.rootfs { configuration.host.rootfs = path }
        configuration.host.isOn.merge(options.isOn) { $1 }
        return configuration
    }

    private static func authenticator(
        _ configuration: AgentConfiguration, _ registry: Registry, _ time: SystemTime
    ) throws -> Authenticator? {
        guard let auth = configuration.auth else { return nil }
        return Authenticator(
            users: try auth.users.map(AccessControl.user), tokens: { _ in nil }, audit: { _ in }, registry: registry,
            time: time)
    }

    private static func gate(
        _ addresses: [SocketAddress], _ options: AgentOptions, _ authenticator: Authenticator?, _ time: SystemTime
    ) -> Gate {
        if let authenticator { return authenticator.gate }
        let callers: OpenGate.Callers =
            options.isInsecure ? .everyone : addresses.allSatisfy(\.isLoopback) ? .thisMachine : .programs
        return OpenGate.gate(callers, audit: { _ in }, time: time)
    }

    private static func router(_ pages: HandlerPool, _ work: @escaping @Sendable () -> AgentWork) -> Router {
        var router = Router()
        router.get("/metrics", role: .read) { request, response in
            let (wanted, unwanted) = (request.values("collect[]"), request.values("exclude[]"))
            let work = work()
            if let unknown = (wanted + unwanted).first(where: { !work.names.contains($0) }) {
                return response.refuse(
                    RequestRefusal(.badRequest, "the collector \(unknown) does not run here; leave it out"))
            }
            pages.answer(&response) { pending in
                let page = work.page(hasOwn: wanted.isEmpty) {
                    (wanted.isEmpty || wanted.contains($0)) && !unwanted.contains($0)
                }
                pending.send(.ok, page.span, contentType: ExpositionFormat.text.contentType)
            }
        }
        router.get("/-/healthy", role: nil) { _, response in response.send("the agent is healthy.\n") }
        router.get("/-/ready", role: nil) { _, response in response.send("the agent is ready.\n") }
        OverviewPage([
            .init("/metrics", "what this host and its services measure, for a Prometheus"),
            .init("/-/ready", "whether the agent answers"),
        ]).add(to: &router)
        return router
    }
}

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
    /// Nil where nothing is sent anywhere.
    private let shipping: Shipping?

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
        let configuration = try Self.load(options, log)
        let host = try HostMetrics(configuration.host) { collector, reason in
            log.warning("a collector failed", ["collector": .text(collector), "reason": .text(reason)])
        }
        let client = HTTPClient("integrations", registry: registry, time: time)
        self.client = client
        let services = configuration.integrations.metrics(
            IntegrationContext(host: HostFiles(configuration.host), client: client),
            patienceNs: configuration.host.timeoutMs * 1_000_000
        ) { integration, reason in
            log.warning("an integration failed", ["integration": .text(integration), "reason": .text(reason)])
        }
        pages = try HandlerPool(name: "pages", threads: 1, waitingMax: Self.pagesWaitingMax)
        let listen = configuration.listen.isEmpty ? [SocketAddress(AgentOptions.listenDefault)!] : configuration.listen
        let authenticator = try Self.authenticator(configuration, registry, time)
        self.authenticator = authenticator
        if let refusal = ListenRule.refusal(
            of: listen, hasAuthentication: authenticator != nil, isInsecureAllowed: options.isInsecure)
        {
            throw StartFailure(refusal)
        }
        var serverOptions = ServerOptions()
        serverOptions.workers = 1
        server = try Server(
            serverOptions, router: Self.router([host, services], registry, pages),
            gate: Self.gate(listen, options, authenticator, time),
            accessLog: { authenticator?.noteServed($0) }, registry: registry, time: time)
        let tls = try configuration.tls.map { tls throws(TLSError) in try TLSStore(tls, time: time) }
        addresses = try Collector.start(server, on: listen, tls)
        for address in addresses { log.info("listening", ["address": .text("\(address)")]) }
        shipping =
            configuration.shipping.destinations.isEmpty
            ? nil
            : try Shipping(configuration.shipping, registry: registry, log: log, time: time) { page in
                host.append(to: &page)
                services.append(to: &page)
                page += registry.exposition(.text)
            }
        log.info("ready", ["after": .nanoseconds(time.monotonicNs - startedNs)])
    }

    /// Works until the end is asked for, then ends in good order.
    func run() throws {
        _ = lifecycle.run(atMostNs: nil, log) { "the agent reads its configuration at its start only" }
        let deadline = try ExitDeadline(
            afterNs: Self.stopNs, message: "obs: did not end in good order in time and gives up")
        log.info("stopping")
        server.stop(drainingAtMostNs: Self.drainNs)
        pages.stop()
        try shipping?.stop()
        client.stop()
        authenticator?.stop()
        log.info("stopped")
        sink.flush()
        deadline.cancel()
    }
}

/// The parts, each made in one place.
extension HostAgent {
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

    private static func router(_ sources: [HostMetrics], _ registry: Registry, _ pages: HandlerPool) -> Router {
        var router = Router()
        let names = sources.flatMap(\.names)
        router.get("/metrics", role: .read) { request, response in
            let (wanted, unwanted) = (request.values("collect[]"), request.values("exclude[]"))
            if let unknown = (wanted + unwanted).first(where: { !names.contains($0) }) {
                return response.refuse(
                    RequestRefusal(.badRequest, "the collector \(unknown) does not run here; leave it out"))
            }
            pages.answer(&response) { pending in
                var page: [UInt8] = []
                for source in sources {
                    source.append(to: &page) { name in
                        (wanted.isEmpty || wanted.contains(name)) && !unwanted.contains(name)
                    }
                }
                if wanted.isEmpty { page += registry.exposition(.text) }
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

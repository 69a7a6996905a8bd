import HTTP
import Posix
import Telemetry

/// One service as it runs: its server with what all services answer, and its own part.
final class RunningService: Sendable {
    /// How long requests that have begun may take to finish once the end was asked for.
    private static let drainNs: Int64 = 5_000_000_000

    let name: ServiceName
    let address: SocketAddress
    private let context: ServiceContext
    private let service: any Service
    private let server: Server
    private let spans: SpanShipper?
    private let isReady: Readiness

    /// On return it answers.
    init(_ name: ServiceName, _ options: MarketplaceOptions, clock: any TimeSource) throws {
        let context = try ServiceContext(name, options, clock: clock)
        let service = try name.type.init(context)
        let isReady = Readiness()
        var routes = Routes(context)
        Operations(context, isReady).add(to: &routes)
        FaultRoutes(context).add(to: &routes)
        service.add(to: &routes)
        routes.refuseTheRest()
        var serverOptions = ServerOptions()
        serverOptions.workers = 1
        var server: Server?
        var spans: SpanShipper?
        do {
            let made = try Server(serverOptions, router: routes.router, registry: context.registry, time: clock)
            server = made
            try made.start()
            address = try made.listen(on: .loopback(port: options.port(of: name)))
            spans = try options.collector.map { url throws(SystemError) in try SpanShipper(context, to: url) }
            try context.faults.start(options.faults, of: name)
            self.server = made
        } catch {
            Self.end(context, service, server, spans)
            throw error
        }
        (self.name, self.context, self.service, self.spans, self.isReady) = (name, context, service, spans, isReady)
        isReady.set(true)
        context.log.info("ready", ["address": .text("\(address)"), "version": .text(options.version)])
    }

    /// Takes no more, finishes what has begun, and tells what is left to tell.
    func stop() {
        isReady.set(false)
        context.log.info("stopping")
        Self.end(context, service, server, spans)
        context.log.info("stopped")
        context.sink.flush()
    }

    /// Ends the threads of a service, which may have begun in part.
    private static func end(
        _ context: ServiceContext, _ service: any Service, _ server: Server?, _ spans: SpanShipper?
    ) {
        context.faults.stop()
        server?.stop(drainingAtMostNs: drainNs)
        context.delays.stop()
        context.pool.stop()
        service.stop()
        spans?.stop()
        context.client.stop()
    }
}

/// Whether a service takes requests.
final class Readiness: Sendable {
    private let isReady = Lock(false)

    var current: Bool { isReady.withLock { $0 } }
    func set(_ value: Bool) { isReady.withLock { $0 = value } }
}

/// All services that this process runs.
struct Installation: Sendable {
    let services: [RunningService]

    init(_ options: MarketplaceOptions, clock: any TimeSource = SystemTime()) throws {
        try LocalFileSystem().createDirectories(options.dataDirectory)
        var services: [RunningService] = []
        do {
            for name in options.services { services.append(try RunningService(name, options, clock: clock)) }
        } catch {
            for service in services.reversed() { service.stop() }
            throw error
        }
        self.services = services
    }

    /// The gateway first, so that nobody is sent to a service that is gone.
    func stop() {
        for service in services.reversed() { service.stop() }
    }
}

import HTTP
import Posix
import Telemetry

/// What a service gets from the frame: who it is, and everything that it measures, logs, asks and breaks with.
final class ServiceContext: Sendable {
    /// Threads for work that waits: databases, slow hashes.
    private static let threads = 4
    private static let waitingMax = 512

    let name: ServiceName
    let options: MarketplaceOptions
    let registry: Registry
    let log: Logger
    let spans: SpanBuffer
    let client: HTTPClient
    let faults: FaultBoard
    let time: ServiceTime
    let pool: HandlerPool
    let delays: DelayQueue
    let requests: RequestMetrics
    let sink: LogSink

    init(_ name: ServiceName, _ options: MarketplaceOptions, clock: any TimeSource) throws {
        self.name = name
        self.options = options
        let time = ServiceTime(clock)
        self.time = time
        let registry = Registry(time: clock)
        self.registry = registry
        registry.registerProcessMetrics()
        sink = try Self.sink(name, options, registry, clock)
        let quiet = Logger.silent
        log =
            options.hasTelemetry
            ? Logger(sink, component: "marketplace").with(["service": .text(name.rawValue)]) : quiet
        spans = SpanBuffer(service: name.rawValue, registry: registry)
        client = HTTPClient("services", registry: registry, time: clock)
        faults = FaultBoard(options, registry, log, time)
        pool = try HandlerPool(name: name.rawValue, threads: Self.threads, waitingMax: Self.waitingMax)
        delays = try DelayQueue(time: clock)
        requests = RequestMetrics(registry, isOn: options.hasTelemetry)
        registerFacts()
    }

    private static func sink(
        _ name: ServiceName, _ options: MarketplaceOptions, _ registry: Registry, _ clock: any TimeSource
    ) throws -> LogSink {
        guard let folder = options.logDirectory else {
            return LogSink(level: options.logLevel, form: .json, registry: registry, time: clock)
        }
        try LocalFileSystem().createDirectories(folder)
        return try LogSink(
            path: FilePath.join(folder, "\(name.rawValue).log"), level: options.logLevel, limitsRepeats: false,
            registry: registry, time: clock)
    }

    /// What is true of the process as a whole.
    private func registerFacts() {
        let (faults, time, version) = (faults, time, options.version)
        registry.callbacks(
            "marketplace_build_info", "Always 1; the label says which version runs.", labels: ["version"]
        ) {
            [CallbackValue([faults.isActive(.badDeploy) ? "\(version)-next" : version], 1)]
        }
        registry.callback(
            "marketplace_clock_seconds", "The wall clock of the service, to be compared with the time of the scrape.",
            unit: .seconds
        ) { Double(time.wallNs) / 1e9 }
        let startedNs = time.wallNs
        registry.callback("marketplace_start_time_seconds", "When the service was started.", unit: .seconds) {
            Double(startedNs) / 1e9
        }
    }

    /// Another service that this one asks.
    func dependency(_ service: ServiceName, timeoutMs: Int64 = 2_000) -> Dependency {
        Dependency(service.rawValue, url: options.url(of: service), timeoutMs: timeoutMs, self)
    }
}

/// The clock of a service, which a fault sets wrong.
final class ServiceTime: TimeSource {
    private let clock: any TimeSource
    private let skew = Lock<Int64>(0)

    init(_ clock: any TimeSource) {
        self.clock = clock
    }

    var wallNs: Int64 { clock.wallNs + skew.withLock { $0 } }
    var monotonicNs: Int64 { clock.monotonicNs }

    func setSkew(ns: Int64) { skew.withLock { $0 = ns } }
}

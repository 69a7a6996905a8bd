import Crypto
import Encoding
import HTTP
import Ingest
import Journal
import Posix
import PromQL
import Storage
import TSDB
import Telemetry
import Web

/// The metric store with what feeds it and what asks it.
final class MetricBackend: Sendable {
    /// Exports, backups and other work on much data at once, and how many more of them wait.
    private static let transfersMax = 4
    private static let transfersWaitingMax = 64
    /// Imports, which wait with their bodies.
    private static let importsMax = 2
    private static let importsWaitingMax = 4
    static let directoryName = "metrics"
    /// Of the positions up to where others have our samples.
    private static let receiversDirectoryName = "remote_write"

    /// Answers queries over the store.
    let engine: Engine
    let store: TimeSeriesStore
    let queries: QueryService
    let transfers: HandlerPool
    private let imports: HandlerPool
    private let ingest: IngestContext
    private let scraper: Scraper
    private let listeners: MetricListeners
    private let receivers: RemoteWriteQueues
    private let otlp: Lock<OTLPOptions>
    private let dataDirectory: String
    private let time: any TimeSource
    private let log: Logger
    private let ownMetrics = Lock<OwnMetrics?>(nil)

    /// On return everything acknowledged is visible.
    ///
    /// - Parameters:
    ///   - workers: threads that help queries.
    ///   - memory: what queries may hold.
    ///   - logs: what `logs("...")` asks.
    init(
        _ settings: StorageOptions, _ queryOptions: QueryOptions, workers: Workers, memory: QueryMemory,
        logs: @escaping ForeignSelector, dataDirectory: String, registry: Registry, log: Logger, time: any TimeSource
    ) throws {
        let directory = FilePath.join(dataDirectory, Self.directoryName)
        let store = try TimeSeriesStore(
            directory: directory, options: Self.options(settings, dataDirectory, registry), time: time)
        for notice in store.notices { log.warning("metric store", ["notice": .text(notice)]) }
        engine = Engine(
            store: store, logs: logs, workers: workers,
            options: queryOptions.engineOptions(queriesBytes: memory.limitBytes),
            memory: memory, clock: time)
        queries = try QueryService(
            engine: engine, options: queryOptions.serviceOptions, registry: registry, log: log.component("queries"),
            time: time)
        transfers = try HandlerPool(
            name: "transfer", threads: Self.transfersMax, waitingMax: Self.transfersWaitingMax)
        imports = try HandlerPool(name: "import", threads: Self.importsMax, waitingMax: Self.importsWaitingMax)
        let otlp = Lock(OTLPOptions())
        self.otlp = otlp
        var ingest = IngestContext(store: store, registry: registry, keySeed: Self.randomSeed(), time: time) {
            otlp.withLock { $0 }
        }
        if let samples = settings.limits.requestSamples { ingest.limits.samplesMax = samples }
        self.ingest = ingest
        listeners = MetricListeners(ingest, log: log.component("listeners"))
        scraper = Scraper(ingest, log: log.component("scrape"), time: time)
        receivers = RemoteWriteQueues(
            store, directory: FilePath.join(dataDirectory, Self.receiversDirectoryName), registry: registry,
            log: log.component("remote_write"), time: time
        ) { () throws(StorageError) in try store.metadata(family: nil, limit: .max) }
        (self.store, self.time, self.log) = (store, time, log)
        self.dataDirectory = dataDirectory
    }

    /// - Parameter externalLabels: of the configuration in force.
    func add(
        to router: inout Router, _ backups: BackupMaker, externalLabels: @escaping @Sendable () -> ExternalLabels
    ) {
        IngestProtocols.add(ingest, to: &router)
        QueryAPI(queries, time: time).add(to: &router)
        SeriesAPI(store: store, pool: queries.pool).add(to: &router)
        DebugQueriesAPI(queries.running, nowNs: { [time] in time.monotonicNs }).add(to: &router)
        ExpressionAPI(store: store, pool: queries.pool).add(to: &router)
        FederationAPI(store: store, pool: queries.longPool, time: time, externalLabels: externalLabels).add(to: &router)
        RemoteReadAPI(store: store, pool: transfers, externalLabels: externalLabels).add(to: &router)
        ExportAPI(store: store, pool: transfers).add(to: &router)
        ImportAPI(ingest, pool: imports).add(to: &router)
        StoreStatusAPI(store: store, pool: queries.pool, facts: { [self] in try facts() }).add(to: &router)
        let administration = MetricAdministration(
            store: store, backups: backups, dataDirectory: dataDirectory, time: time)
        AdministrationAPI(store: store, administration: administration.actions, pool: transfers).add(to: &router)
        TargetsAPI(scraper, hostname: Machine.hostname).add(to: &router)
        RemoteWriteStatusAPI(receivers).add(to: &router)
    }

    /// Puts in force what a configuration says about metrics that are fetched or come by listeners.
    func apply(_ configuration: Configuration) throws(SystemError) {
        otlp.withLock { $0 = configuration.otlp }
        try receivers.apply(configuration.remoteWrites, externalLabels: configuration.global.externalLabels)
        store.readersAreKnown()
        try listeners.apply(configuration.listeners)
        try scraper.apply(configuration.scrapes)
    }

    /// Has what the registry holds recorded; see `OwnMetrics`.
    func record(
        _ registry: Registry, instance: String, intervalMs: @escaping @Sendable () -> Int64
    ) throws(SystemError) {
        let own = OwnMetrics(store, registry, instance: instance, log: log, time: time)
        try own.start(intervalMs: intervalMs)
        ownMetrics.withLock { $0 = own }
    }

    private func facts() throws(SystemError) -> DataFacts {
        let space = try LocalFileSystem().space(at: dataDirectory)
        let process = try ProcessFigures()
        let options = store.options
        return DataFacts(
            directory: dataDirectory, freeBytes: space.freeBytes, totalBytes: space.totalBytes,
            samplesTaken: Self.total("obs_ingest_samples_total", ingest.registry),
            samplesRefused: Self.total("obs_ingest_samples_refused_total", ingest.registry),
            residentBytes: process.residentBytes,
            limits: [
                ("storage.series_limit", options.seriesMax), ("storage.label_limit", options.labelsMax),
                ("storage.label_name_length_limit", options.labelNameBytesMax),
                ("storage.label_value_length_limit", options.labelValueBytesMax),
                ("storage.request_sample_limit", ingest.limits.samplesMax),
                ("bytes of one request", ingest.limits.bodyBytesMax),
                ("bytes of one request, expanded", ingest.limits.expandedBytesMax),
            ])
    }

    /// The sum of a counter's points.
    private static func total(_ name: String, _ registry: Registry) -> Int {
        let points = registry.families.first { $0.name == name }?.points ?? []
        return points.reduce(0) { sum, point in
            if case .number(let value, _) = point.reading { sum + Int(value) } else { sum }
        }
    }

    /// The store as those see it who bring and ask samples.
    var metricStore: any MetricStore { store }

    /// After the server has stopped taking requests.
    func stop() {
        let own = ownMetrics.withLock { $0 }
        own?.stop()
        scraper.stop()
        listeners.stop()
        receivers.stop()
        queries.stop()
        transfers.stop()
        imports.stop()
        do throws(StorageError) {
            try store.close()
        } catch {
            log.error("metric store", ["failure": .text("\(error)")])
        }
    }

    private static func options(
        _ settings: StorageOptions, _ dataDirectory: String, _ registry: Registry
    ) throws(SystemError) -> StoreOptions {
        var options = StoreOptions()
        options.metrics = registry
        options.keepsLogUntilReadersAreKnown = true
        if let bytes = settings.limits.remoteWriteLogBytes { options.feedBytesMax = Int(bytes) }
        options.outOfOrderWindowMs = settings.outOfOrderWindowMs
        options.exemplarsMax = settings.exemplarsMax
        options.retentionRules = settings.retentionRules
        if let series = settings.limits.series { options.seriesMax = series }
        if let labels = settings.limits.labels { options.labelsMax = labels }
        if let bytes = settings.limits.labelNameBytes { options.labelNameBytesMax = bytes }
        if let bytes = settings.limits.labelValueBytes { options.labelValueBytesMax = bytes }
        if let bytes = settings.limits.freeBytes { options.freeBytesMin = Int(bytes) }
        if settings.retentionMs > 0 { options.retentionMs = settings.retentionMs }
        options.retentionBytes = try retentionBytes(settings, dataDirectory)
        switch settings.sync {
        case .always: options.sync = .always
        case .everyMs(let ms): options.sync = .interval(ns: ms * 1_000_000)
        }
        return options
    }

    /// The smaller of the bounds in bytes and in a share of the disk; nil where there is none.
    private static func retentionBytes(
        _ settings: StorageOptions, _ dataDirectory: String
    ) throws(SystemError) -> Int? {
        var bounds: [Int] = []
        if settings.retentionBytes > 0 { bounds.append(Int(settings.retentionBytes)) }
        if settings.retentionPercent > 0 {
            let space = try LocalFileSystem().space(at: dataDirectory)
            bounds.append(Int(Double(space.totalBytes) * settings.retentionPercent / 100))
        }
        return bounds.min()
    }

    private static func randomSeed() -> Hash128 {
        let bytes = SecureRandom.bytes(16)
        func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        return Hash128(low: word(0..<8), high: word(8..<16))
    }
}

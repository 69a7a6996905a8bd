import Encoding
import HTTP
import Ingest
import Journal
import LogDB
import LogQL
import Posix
import PromQL
import Storage
import Telemetry
import Web

/// The log store with what feeds it.
final class LogBackend: Sendable {
    static let directoryName = "logs"

    let store: LogDatabase
    private let ingest: LogIngestContext
    /// Of the list of deletions.
    private let deletionsPath: String
    private let pipelines: Lock<[LogPipeline]>
    private let syslog: SyslogListeners
    private let log: Logger
    /// Answers queries over the store.
    let engine: LogEngine
    private let tails: TailHub
    private let time: any TimeSource

    /// On return everything acknowledged is visible.
    ///
    /// - Parameters:
    ///   - workers: threads that help queries.
    ///   - memory: what queries may hold.
    init(
        _ settings: StorageOptions, _ logs: LogOptions, _ queries: QueryOptions, workers: Workers, memory: QueryMemory,
        dataDirectory: String, registry: Registry, log: Logger, time: any TimeSource
    ) throws {
        var options = logs.store
        options.metrics = registry
        switch settings.sync {
        case .always: options.sync = .always
        case .everyMs(let ms): options.sync = .interval(ns: ms * 1_000_000)
        }
        let directory = FilePath.join(dataDirectory, Self.directoryName)
        deletionsPath = FilePath.join(directory, "deletions.json")
        let store = try LogDatabase(directory: directory, options: options, workers: workers, time: time)
        engine = LogEngine(
            store: store, options: queries.logOptions(queriesBytes: memory.limitBytes), memory: memory, time: time)
        tails = try TailHub(registry: registry, time: time)
        self.time = time
        for notice in store.notices { log.warning("log store", ["notice": .text(notice)]) }
        var ingest = LogIngestContext(store: store, registry: registry, time: time)
        let pipelines = Lock(logs.pipelines)
        ingest.pipelines = { pipelines.withLock { $0 } }
        syslog = SyslogListeners(ingest, log: log.component("syslog"))
        (self.store, self.ingest, self.pipelines, self.log) = (store, ingest, pipelines, log)
    }

    /// Puts in force what a configuration says about how logs come in, what is taken of them and how long it is kept.
    func apply(_ options: LogOptions) throws {
        store.adopt(options.store)
        pipelines.withLock { $0 = options.pipelines }
        try syslog.apply(options.syslog)
    }

    /// - Parameter transfers: threads for much data.
    func add(to router: inout Router, _ queries: QueryService, transfers: HandlerPool) {
        LokiAPI(
            queries, engine, hub: tails, version: Version.current, revision: Version.revision, time: time
        ).add(to: &router)
        LogTransferAPI(ingest, pool: transfers, deletions: deletionsPath).add(to: &router)
        LogIngestProtocols.add(ingest, to: &router)
        // Loki's way to ask that everything be written to its place now.
        router.post("/flush", role: .admin, bodyBytesMax: 0) { [store] _, response in
            do throws(StorageError) {
                try store.flush()
                response.send(.noContent)
            } catch {
                response.refuse(RequestRefusal(.serviceUnavailable, "\(error)"))
            }
        }
    }

    /// Ends all who follow logs, before the server waits for its answers.
    func endFollowers() { tails.stop() }

    /// After the server has stopped taking requests.
    func stop() {
        syslog.stop()
        do throws(StorageError) {
            try store.close()
        } catch {
            log.error("log store", ["failure": .text("\(error)")])
        }
    }
}

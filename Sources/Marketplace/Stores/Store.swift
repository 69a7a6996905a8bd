import HTTP
import Posix
import Telemetry

/// The database of a service as the service sees it: a bounded number of connections, each use of one measured, and
/// the faults of databases.
final class Store: Sendable {
    /// How long a request waits for a connection.
    private static let patienceNs: Int64 = 250_000_000

    private let backend: any SQLBackend
    private let context: ServiceContext
    private let free: Monitor<Int>
    private let waits: Histogram
    private let durations: Family<Histogram>
    private let failures: Family<Counter>

    /// - Parameter schema: `CREATE TABLE IF NOT EXISTS ...;` for both databases.
    init(_ context: ServiceContext, schema: String) throws {
        self.context = context
        let count = context.options.poolConnections
        backend = try Self.open(context, schema: schema, connections: count)
        let free = Monitor(count)
        self.free = free
        let registry = context.registry
        waits = registry.histogram(
            "marketplace_db_pool_wait_seconds", "How long requests waited for a connection.", unit: .seconds,
            buckets: RequestMetrics.buckets)
        durations = registry.histograms(
            "marketplace_db_transaction_duration_seconds", "Transactions, by what they were for.", unit: .seconds,
            buckets: RequestMetrics.buckets, labels: ["operation"])
        failures = registry.counters(
            "marketplace_db_failures_total", "Transactions that failed, by reason.", labels: ["reason"])
        let faults = context.faults
        registry.callbacks(
            "marketplace_db_pool_connections", "Connections to the database, by what they do.", labels: ["state"]
        ) {
            let idle = faults.isActive(.poolExhaustion) ? 0 : free.withLock { $0 }
            return [CallbackValue(["idle"], Double(idle)), CallbackValue(["in_use"], Double(count - idle))]
        }
    }

    private static func open(
        _ context: ServiceContext, schema: String, connections: Int
    ) throws -> any SQLBackend {
        if let postgres = context.options.postgres {
            return try PostgresBackend(postgres, schema: schema, connectionsMax: connections)
        }
        let path = FilePath.join(context.options.dataDirectory, "\(context.name.rawValue).db")
        return try SQLiteBackend(path, schema: schema, readersMax: connections, context)
    }

    func write<Result: Sendable>(
        _ operation: String, _ body: (Ask) throws(StoreFailure) -> Result
    ) throws(StoreFailure) -> Result {
        try measured(operation) { () throws(StoreFailure) in try backend.write(body) }
    }

    func read<Result: Sendable>(
        _ operation: String, _ body: (Ask) throws(StoreFailure) -> Result
    ) throws(StoreFailure) -> Result {
        try measured(operation) { () throws(StoreFailure) in try backend.read(body) }
    }

    func close() { backend.close() }

    private func measured<Result>(
        _ operation: String, _ body: () throws(StoreFailure) -> Result
    ) throws(StoreFailure) -> Result {
        let isOn = context.options.hasTelemetry
        do throws(StoreFailure) {
            let askedNs = context.time.monotonicNs
            try take()
            defer { giveBack() }
            let startNs = context.time.monotonicNs
            if let slowMs = context.faults.level(of: .slowDatabase) { Self.pause(ns: Int64(slowMs * 1e6)) }
            let result = try body()
            if isOn {
                waits.observe(Int(startNs - askedNs))
                durations.with(operation).observe(Int(context.time.monotonicNs - startNs))
            }
            return result
        } catch {
            if isOn, error.reason != .refused { failures.with(error.reason.rawValue).add() }
            throw error
        }
    }

    private func take() throws(StoreFailure) {
        let faults = context.faults
        let taken: Void? = free.wait(atMostNs: faults.isActive(.poolExhaustion) ? 0 : Self.patienceNs) { free in
            guard free > 0, !faults.isActive(.poolExhaustion) else { return nil }
            free -= 1
            return ()
        }
        if taken == nil {
            throw StoreFailure(
                .poolExhausted, "all \(context.options.poolConnections) connections to the database are taken")
        }
    }

    private func giveBack() {
        free.withLock { $0 += 1 }
        free.wakeAll()
    }

    private static func pause(ns: Int64) {
        _ = Monitor(false).wait(atMostNs: ns) { $0 ? true : nil }
    }
}

extension Call {
    /// Answers for a store that failed.
    func refuse(_ failure: StoreFailure) {
        switch failure.reason {
        case .refused: refuse(.conflict, "conflict", failure.description)
        case .conflict: refuse(.conflict, "conflict", "it exists already")
        case .unavailable:
            log.error("the database cannot be reached", ["error": .text(failure.description)])
            refuse(
                .serviceUnavailable, failure.reason.rawValue, "the database cannot be reached; try again",
                retryAfterSeconds: 1)
        case .poolExhausted:
            refuse(.serviceUnavailable, failure.reason.rawValue, failure.description, retryAfterSeconds: 1)
        case .database:
            log.error("the database failed", ["error": .text(failure.description)])
            refuse(.internalServerError, failure.reason.rawValue, "the database failed; it was logged, try again")
        }
    }
}

import Databases
import HTTP
import Posix
import Telemetry

/// A copy of a service's file of rows beside it, made at the start and every six hours, and read through before it takes
/// the place of the last one. What came of it is what the shipped rules ask about backups.
final class DatabaseBackup: Sendable {
    private struct Outcome {
        /// When the last good copy was made; nil before there was one.
        var succeededNs: Int64?
        /// What the last copy's reading told; nil before one was read.
        var isWhole: Bool?
    }

    private static let periodNs: Int64 = 6 * 3_600_000_000_000

    private let database: SQLiteDatabase
    private let path: String
    private let context: ServiceContext
    private let outcome: Lock<Outcome>

    init(of database: SQLiteDatabase, _ context: ServiceContext) {
        self.database = database
        self.context = context
        path = database.path + ".backup"
        let outcome = Lock(Outcome())
        self.outcome = outcome
        let name = context.name.rawValue
        context.registry.callbacks(
            "backup_last_success_timestamp_seconds", "When the last good backup was made.", unit: .seconds,
            labels: ["backup"]
        ) {
            outcome.withLock { $0.succeededNs }.map { [CallbackValue([name], Double($0) / 1e9)] } ?? []
        }
        context.registry.callbacks(
            "backup_last_verification_success", "Whether the last backup was whole when it was read.",
            labels: ["backup"]
        ) {
            outcome.withLock { $0.isWhole }.map { [CallbackValue([name], $0 ? 1 : 0)] } ?? []
        }
    }

    /// Makes one and the next ones for as long as the service runs. Where all threads of the service are taken, the next
    /// turn makes it.
    func begin() {
        _ = context.pool.run { [self] in make() }
        context.delays.run(afterNs: Self.periodNs) { [self] in begin() }
    }

    private func make() {
        let files = LocalFileSystem()
        let next = path + ".next"
        do {
            if try files.status(at: next) != nil { try files.removeFile(next) }
            try database.backUp(to: next)
            let findings = try SQLiteDatabase(next).integrityFindings()
            outcome.withLock { $0.isWhole = findings.isEmpty }
            guard findings.isEmpty else {
                return context.log.error("the backup is not whole", ["first": .text(findings[0])])
            }
            try files.rename(next, to: path)
            let nowNs = context.time.wallNs
            outcome.withLock { $0.succeededNs = nowNs }
        } catch {
            context.log.error("there is no new backup", ["error": .text("\(error)")])
        }
    }
}

import Databases
import Posix
import Telemetry
import TestSupport

@testable import Ledger

/// A ledger in a directory of its own, with a clock that stands still.
struct LedgerFixture {
    let directory = TemporaryDirectory()
    let time = ManualTime()
    let registry = Registry()

    func ledger(over system: any FileSystem = LocalFileSystem()) -> Ledger {
        Ledger(directory: directory.file("ledger"), registry: registry, time: time, system: system)
    }

    /// The trail alone, as another program would open it.
    func trail(over system: any FileSystem = LocalFileSystem()) throws -> AuditTrail {
        try LocalFileSystem().createDirectories(directory.file("ledger"))
        let database = try SQLiteDatabase(directory.file("ledger/ledger.db"))
        try database.migrate(LedgerSchema.migrations)
        return AuditTrail(database, directory: directory.file("ledger"), system: system)
    }

    static func event(_ number: Int) -> AuditEvent {
        AuditEvent(
            atMs: Int64(number), principal: "p\(number % 3)", action: "silence.add", target: "t\(number)", outcome: "ok"
        )
    }
}

import Databases
import Encoding
package import Model
package import Posix

/// What obs remembers of alerts: silences, what fires, who was told what, acknowledgements, failures and events.
///
/// It is a database of its own beside the ledger's. Commits do not wait for the disk, so that thousands a second are
/// possible: when the process is killed nothing is lost, when the power fails the last second may be, and then somebody
/// is told twice.
package final class AlertLedger: Sendable {
    package static let databaseFile = "alerts.db"
    /// Events that are kept; the oldest go first.
    package static let eventsMax = 1_000_000
    /// Rows of one answer.
    package static let rowsMax = 100_000

    let database: SQLiteDatabase
    private let system: any FileSystem

    /// Opens the database in the directory, and makes both where they are not.
    package init(directory: String, system: any FileSystem = LocalFileSystem()) throws(LedgerError) {
        self.system = system
        do throws(SystemError) {
            try system.createDirectories(directory)
        } catch {
            throw .file(error)
        }
        database = try asLedger { () throws(SQLiteError) in
            var options = SQLiteOptions()
            options.durability = .checkpoint
            let database = try SQLiteDatabase(FilePath.join(directory, Self.databaseFile), options: options)
            try database.migrate(AlertLedgerSchema.migrations)
            return database
        }
    }

    /// Copies one state of the database into a directory; what an earlier copy left there is replaced.
    package func backUp(to target: String) throws(LedgerError) {
        let copy = FilePath.join(target, Self.databaseFile)
        let beside = copy + ".tmp"
        do throws(SystemError) {
            try system.createDirectories(target)
            try system.removeTree(beside)
        } catch {
            throw .file(error)
        }
        try asLedger { () throws(SQLiteError) in try database.backUp(to: beside) }
        do throws(SystemError) {
            try system.rename(beside, to: copy)
        } catch {
            throw .file(error)
        }
    }

    /// What SQLite finds wrong with the database; empty if nothing.
    package func integrityFindings() throws(LedgerError) -> [String] {
        try asLedger { () throws(SQLiteError) in try database.integrityFindings() }
    }

    func write(_ body: (inout SQLiteConnection) throws(SQLiteError) -> Void) throws(LedgerError) {
        try asLedger { () throws(SQLiteError) in try database.write(body) }
    }
}

/// Alerts as they were last heard.
extension AlertLedger {
    /// - Parameter ended: labels of alerts that nobody needs any more.
    package func keep(_ alerts: [Alert], forgetting ended: [Labels] = []) throws(LedgerError) {
        if alerts.isEmpty, ended.isEmpty { return }
        try write { connection throws(SQLiteError) in
            for alert in alerts {
                try connection.run(
                    "INSERT OR REPLACE INTO alerts VALUES (?, ?, ?, ?, ?, ?)", .blob(alert.labels.bytes),
                    .text(TextMap.json(alert.annotations)), .integer(alert.startsAtMs), .integer(alert.endsAtMs),
                    .integer(alert.updatedAtMs), .text(alert.generatorURL))
            }
            for labels in ended { try connection.run("DELETE FROM alerts WHERE labels = ?", .blob(labels.bytes)) }
        }
    }

    package func alerts() throws(LedgerError) -> [Alert] {
        try asLedger { () throws(SQLiteError) in
            try database.read { connection throws(SQLiteError) in
                try connection.rows(
                    "SELECT labels, annotations, starts_ms, ends_ms, updated_ms, generator_url FROM alerts"
                ) { row in
                    Alert(
                        labels: Labels(canonical: row.blob(0)), annotations: TextMap.texts(row.text(1)),
                        startsAtMs: row.integer(2), endsAtMs: row.integer(3), generatorURL: row.text(5),
                        updatedAtMs: row.integer(4))
                }
            }
        }
    }
}

/// Silences.
extension AlertLedger {
    package func keep(_ silences: [Silence], forgetting ended: [String] = []) throws(LedgerError) {
        try write { connection throws(SQLiteError) in
            for silence in silences {
                try connection.run(
                    "INSERT OR REPLACE INTO silences VALUES (?, ?, ?, ?, ?, ?, ?, ?)", .text(silence.id),
                    .text(MatcherRows.json(silence.matchers)), .integer(silence.startsAtMs),
                    .integer(silence.endsAtMs), .integer(silence.updatedAtMs), .text(silence.createdBy),
                    .text(silence.comment), .text(TextMap.json(silence.annotations)))
            }
            for id in ended { try connection.run("DELETE FROM silences WHERE id = ?", .text(id)) }
        }
    }

    package func silences() throws(LedgerError) -> [Silence] {
        let found = try asLedger { () throws(SQLiteError) in
            try database.read { connection throws(SQLiteError) in
                try connection.rows(
                    """
                    SELECT id, matchers, starts_ms, ends_ms, updated_ms, created_by, comment, annotations FROM silences
                    """
                ) { row -> Silence? in
                    // Conditions of a newer program may not be readable here; half of them would silence too much.
                    guard let matchers = MatcherRows.matchers(row.text(1)) else { return nil }
                    return Silence(
                        id: row.text(0), matchers: matchers, startsAtMs: row.integer(2), endsAtMs: row.integer(3),
                        updatedAtMs: row.integer(4), createdBy: row.text(5), comment: row.text(6),
                        annotations: TextMap.texts(row.text(7)))
                }
            }
        }
        return found.compactMap { $0 }
    }
}

import Databases
import Posix

/// The append-only record of who did what: a table whose entries are chained by hashes, an anchor of its end beside the
/// database, and archives of what grew too old for the table.
struct AuditTrail: Sendable {
    /// The table holds at most this many entries; then the oldest `archivedAtOnce` become an archive.
    static let entriesMax = 50_000
    static let archivedAtOnce = 10_000
    /// The action of the entry that the trail makes of itself when it finds table and anchor at odds.
    static let mismatchAction = "audit.mismatch"

    let database: SQLiteDatabase
    let head: AuditHeadFile
    let archive: AuditArchive

    private static let headFile = "audit.head"
    private static let archiveDirectory = "audit"

    init(_ database: SQLiteDatabase, directory: String, system: any FileSystem) {
        self.database = database
        head = AuditHeadFile(path: FilePath.join(directory, Self.headFile), system: system)
        archive = AuditArchive(directory: FilePath.join(directory, Self.archiveDirectory), system: system)
    }

    /// Copies the anchor and those archives that are not there yet to where a copy of the database lies.
    func copyFiles(to directory: String) throws(SystemError) {
        let system = archive.system
        if try system.status(at: head.path) != nil {
            try FileCopy.replace(FilePath.join(directory, Self.headFile), withCopyOf: head.path, in: system)
        }
        let archives = FilePath.join(directory, Self.archiveDirectory)
        for segment in try archive.segments() {
            let source = FilePath.join(archive.directory, segment.name)
            let copy = FilePath.join(archives, segment.name)
            if let status = try system.status(at: copy), status.bytes == (try system.status(at: source)?.bytes) {
                continue
            }
            try system.createDirectories(archives)
            try FileCopy.replace(copy, withCopyOf: source, in: system)
        }
    }

    /// Appends in one transaction, together with whatever `alongside` changes. When it returns, both are on the disk.
    func append(
        _ events: [AuditEvent], alongside: (inout SQLiteConnection) throws(SQLiteError) -> Void = { _ in }
    ) throws(LedgerError) {
        try change { connection, extent throws(SQLiteError) in
            try alongside(&connection)
            for event in events { extent.end = try Self.insert(event, after: extent.end, &connection) }
        }
    }

    /// Moves the oldest entries into an archive when the table is full.
    func rotate(
        entriesMax: Int = AuditTrail.entriesMax, archivedAtOnce: Int = AuditTrail.archivedAtOnce
    )
        throws(LedgerError)
    {
        let count = try asLedger { () throws(SQLiteError) in
            try database.read { connection throws(SQLiteError) in
                try connection.first("SELECT count(*) FROM audit") { Int($0.integer(0)) } ?? 0
            }
        }
        guard count > entriesMax else { return }
        try change { connection, extent throws(SQLiteError) in
            let oldest = try Self.entries(
                &connection, "\(Self.selection) ORDER BY sequence LIMIT ?", .integer(archivedAtOnce))
            guard let last = oldest.last else { return }
            do {
                try archive.write(oldest, after: extent.start)
            } catch {
                throw Self.beside(error, "archive audit entries", archive.directory)
            }
            extent.start = last.point
            try connection.run("DELETE FROM audit WHERE sequence <= ?", .integer(last.sequence))
            try connection.run(
                "UPDATE audit_start SET sequence = ?, hash = ?", .integer(last.sequence), .blob(last.hash))
        }
    }

    /// The newest entries, newest first.
    func latest(_ count: Int) throws(LedgerError) -> [AuditEntry] {
        try asLedger { () throws(SQLiteError) in
            try database.read { connection throws(SQLiteError) in
                try Self.entries(
                    &connection, "\(Self.selection) ORDER BY sequence DESC LIMIT ?", .integer(count))
            }
        }
    }

    /// Runs `body` on the table's extent as a transaction between the two writes of the anchor.
    private func change(
        _ body: (inout SQLiteConnection, inout AuditExtent) throws(SQLiteError) -> Void
    ) throws(LedgerError) {
        try asLedger { () throws(SQLiteError) in
            try database.write { connection throws(SQLiteError) in
                let known = try readHead()
                var extent = try Self.extent(&connection)
                let before = extent
                if let known, !known.allows(extent) {
                    extent.end = try Self.insert(Self.mismatch(known, extent), after: extent.end, &connection)
                } else if known == nil, extent != .empty {
                    extent.end = try Self.insert(Self.noAnchor(extent), after: extent.end, &connection)
                }
                try body(&connection, &extent)
                try writeHead(AuditHead(settled: before, pending: extent))
            }
            // Under the write lock again, so that it cannot undo what another process has announced since.
            try database.write { connection throws(SQLiteError) in
                let extent = try Self.extent(&connection)
                if let known = try readHead(), known.pending == extent {
                    try writeHead(AuditHead(settled: extent))
                }
            }
        }
    }

    private func readHead() throws(SQLiteError) -> AuditHead? {
        do {
            return try head.read()
        } catch {
            throw Self.beside(error, "read the audit anchor", head.path)
        }
    }

    private func writeHead(_ value: AuditHead) throws(SQLiteError) {
        do {
            try head.write(value)
        } catch {
            throw Self.beside(error, "anchor the audit trail", head.path)
        }
    }

    /// A failure beside the database ends the transaction like one inside.
    private static func beside(_ error: some Error, _ action: String, _ path: String) -> SQLiteError {
        SQLiteError(code: 0, action: action, path: path, reason: "\(error)")
    }

    static func extent(_ connection: inout SQLiteConnection) throws(SQLiteError) -> AuditExtent {
        let start = try connection.first("SELECT sequence, hash FROM audit_start") {
            AuditPoint(sequence: $0.integer(0), hash: $0.blob(1))
        }
        let end = try connection.first("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1") {
            AuditPoint(sequence: $0.integer(0), hash: $0.blob(1))
        }
        // Without its one row the start is unknown, which the anchor will contradict.
        return AuditExtent(start: start ?? .origin, end: end ?? start ?? .origin)
    }

    static let selection =
        "SELECT sequence, at_ms, principal, action, target, outcome, details, count, hash FROM audit"

    private static func insert(
        _ event: AuditEvent, after point: AuditPoint, _ connection: inout SQLiteConnection
    ) throws(SQLiteError) -> AuditPoint {
        let entry = point.next(event.bounded)
        try connection.run(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", .integer(entry.sequence),
            .integer(entry.event.atMs), .text(entry.event.principal), .text(entry.event.action),
            .text(entry.event.target), .text(entry.event.outcome), .text(entry.event.details),
            .integer(entry.event.count), .blob(entry.hash))
        return entry.point
    }

    static func entry(_ row: borrowing SQLiteRow) -> AuditEntry {
        AuditEntry(
            sequence: row.integer(0),
            event: AuditEvent(
                atMs: row.integer(1), principal: row.text(2), action: row.text(3), target: row.text(4),
                outcome: row.text(5), details: row.text(6), count: Int(row.integer(7))),
            hash: row.blob(8))
    }

    private static func entries(
        _ connection: inout SQLiteConnection, _ sql: String, _ limit: SQLiteValue
    ) throws(SQLiteError) -> [AuditEntry] {
        try connection.rows(sql, limit) { entry($0) }
    }

    private static func mismatch(_ head: AuditHead, _ extent: AuditExtent) -> AuditEvent {
        AuditEvent(
            atMs: SystemTime().wallMs, principal: "obs", action: mismatchAction, target: "audit", outcome: "found",
            details: "the anchor had entries \(head.settled.start.sequence + 1) to \(head.settled.end.sequence), "
                + "the table \(extent.start.sequence + 1) to \(extent.end.sequence)")
    }

    private static func noAnchor(_ extent: AuditExtent) -> AuditEvent {
        AuditEvent(
            atMs: SystemTime().wallMs, principal: "obs", action: mismatchAction, target: "audit", outcome: "found",
            details: "the anchor was missing beside entries up to \(extent.end.sequence)")
    }
}

/// Runs what talks to the database and names its failures as the ledger's.
func asLedger<Result>(_ body: () throws(SQLiteError) -> Result) throws(LedgerError) -> Result {
    do {
        return try body()
    } catch {
        throw .database(error)
    }
}

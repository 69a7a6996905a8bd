import CSQLite
import Glibc
import Posix

/// A database file in WAL mode: one connection that writes, and a few that read beside it without waiting for it.
///
/// Any thread may call; one writer runs at a time. Other processes may use the file too.
package final class SQLiteDatabase: Sendable {
    private struct Readers: ~Copyable {
        var idle: [SQLiteConnectionBox] = []
        var opened = 0
    }

    package let path: String
    private let options: SQLiteOptions
    private let writer: Lock<SQLiteConnection>
    private let readers = Monitor(Readers())

    /// Opens the file, or makes it readable and writable for its owner only.
    package init(_ path: String, options: SQLiteOptions = SQLiteOptions()) throws(SQLiteError) {
        self.path = path
        self.options = options
        // SQLite gives its journal files the mode of the database.
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SQLiteError(
                code: SQLITE_CANTOPEN, action: "open", path: path, reason: SystemError.reason(errno))
        }
        Glibc.close(descriptor)
        writer = Lock(try SQLiteConnection.open(path, .create, options))
    }

    /// Runs `body` as one transaction: committed when it returns, rolled back when it throws.
    @discardableResult
    package func write<Result: Sendable>(
        _ body: (inout SQLiteConnection) throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        try writer.withLock { connection throws(SQLiteError) in
            try connection.run("BEGIN IMMEDIATE")
            do throws(SQLiteError) {
                let result = try body(&connection)
                try connection.run("COMMIT")
                return result
            } catch {
                // SQLite has rolled back by itself after some errors (full disk), and then says so; the first error
                // is the one to report.
                _ = try? connection.run("ROLLBACK")  // see above
                throw error
            }
        }
    }

    /// Runs `body` on a connection of its own that sees one state of the database and cannot change it.
    package func read<Result: Sendable>(
        _ body: (inout SQLiteConnection) throws(SQLiteError) -> Result
    ) throws(SQLiteError) -> Result {
        let box = try takeReader()
        defer { giveBack(box) }
        return try box.lock.withLock { connection throws(SQLiteError) in
            try connection.run("BEGIN")
            defer { _ = try? connection.run("ROLLBACK") }  // ends a read-only transaction, which cannot fail to end
            return try body(&connection)
        }
    }

    /// What SQLite finds wrong with the file; empty if nothing.
    package func integrityFindings() throws(SQLiteError) -> [String] {
        let findings = try read { connection throws(SQLiteError) in
            try connection.rows("PRAGMA integrity_check(100)") { $0.text(0) }
        }
        return findings == ["ok"] ? [] : findings
    }

    /// A number that changes when another process, or another connection, has written since it was last asked.
    package func version() throws(SQLiteError) -> Int64 {
        try writer.withLock { connection throws(SQLiteError) in
            try connection.first("PRAGMA data_version") { $0.integer(0) } ?? 0
        }
    }

    /// Copies one state of the database into a new file at `destination`, while others go on reading and writing.
    package func backUp(to destination: String) throws(SQLiteError) {
        try read { connection throws(SQLiteError) in
            // Reading makes the transaction begin, so that a write between two steps cannot restart the copy.
            _ = try connection.first("SELECT count(*) FROM sqlite_schema") { $0.integer(0) }
            try connection.copy(to: destination)
        }
    }

    private func takeReader() throws(SQLiteError) -> SQLiteConnectionBox {
        let waitNs = Int64(options.busyTimeoutMs) * 1_000_000
        let readersMax = options.readersMax
        let found: SQLiteConnectionBox?? = readers.wait(atMostNs: waitNs) { readers in
            if let idle = readers.idle.popLast() { return .some(idle) }
            guard readers.opened < readersMax else { return nil }
            readers.opened += 1
            return .some(nil)
        }
        guard let taken = found else {
            throw SQLiteError(
                code: SQLITE_BUSY, action: "read", path: path,
                reason: "all \(readersMax) connections for reading were busy for \(options.busyTimeoutMs) ms")
        }
        if let taken { return taken }
        do {
            return SQLiteConnectionBox(try SQLiteConnection.open(path, .readOnly, options))
        } catch {
            readers.withLock { $0.opened -= 1 }
            throw error
        }
    }

    private func giveBack(_ box: SQLiteConnectionBox) {
        readers.withLock { $0.idle.append(box) }
        readers.wakeAll()
    }
}

/// A reader's connection, which a list can hold.
private final class SQLiteConnectionBox: Sendable {
    /// Never contended: whoever has the box is its only user.
    let lock: Lock<SQLiteConnection>

    init(_ connection: consuming sending SQLiteConnection) {
        lock = Lock(connection)
    }
}

extension SQLiteConnection {
    fileprivate func copy(to destination: String) throws(SQLiteError) {
        var target: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let opened = unsafe sqlite3_open_v2(destination, &target, flags, nil)
        defer { unsafe sqlite3_close_v2(target) }
        guard opened == SQLITE_OK, let copy = unsafe sqlite3_backup_init(target, "main", handle, "main") else {
            let reason = unsafe target.map { unsafe String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            throw SQLiteError(code: opened, action: "back up to", path: destination, reason: reason)
        }
        unsafe sqlite3_backup_step(copy, -1)
        let code = unsafe sqlite3_backup_finish(copy)
        guard code == SQLITE_OK else {
            let reason = unsafe String(cString: sqlite3_errstr(code))
            throw SQLiteError(code: code, action: "back up to", path: destination, reason: reason)
        }
    }
}

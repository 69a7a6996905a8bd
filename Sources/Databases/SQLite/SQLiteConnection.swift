import CSQLite
import Posix

/// One open connection, for one thread at a time, with its prepared statements kept.
@safe
package struct SQLiteConnection: ~Copyable, @unchecked Sendable {  // moves between threads only under its owner's lock
    /// Statements that are kept prepared; the one unused for longest goes first.
    private static let statementsMax = 64

    let handle: OpaquePointer
    package let path: String
    private var statements: [String: Prepared] = [:]
    private var uses: UInt64 = 0

    @safe
    private struct Prepared {
        let statement: OpaquePointer
        var lastUse: UInt64
    }

    enum Access {
        case create, readOnly
    }

    static func open(
        _ path: String, _ access: Access, _ options: SQLiteOptions
    ) throws(SQLiteError) -> SQLiteConnection {
        var connection = unsafe SQLiteConnection(try openHandle(path, access), path)
        unsafe sqlite3_busy_timeout(connection.handle, options.busyTimeoutMs)
        for pragma in options.pragmas where access == .create || !pragma.isForWriter {
            try connection.script(pragma.text)
        }
        return connection
    }

    private init(_ handle: OpaquePointer, _ path: String) {
        unsafe self.handle = handle
        self.path = path
    }

    private static func openHandle(_ path: String, _ access: Access) throws(SQLiteError) -> OpaquePointer {
        var opened: OpaquePointer?
        let flags = (access == .create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY)
        let code = unsafe sqlite3_open_v2(path, &opened, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let handle = unsafe opened else {
            let reason = unsafe opened.map { unsafe String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            unsafe sqlite3_close_v2(opened)
            throw SQLiteError(code: code, action: "open", path: path, reason: reason)
        }
        return unsafe handle
    }

    deinit {
        for prepared in statements.values { unsafe sqlite3_finalize(prepared.statement) }
        unsafe sqlite3_close_v2(handle)
    }

    /// Runs statements without parameters or results, such as a schema.
    package mutating func script(_ sql: String) throws(SQLiteError) {
        guard unsafe sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure("run \(sql)") }
    }

    /// Runs one statement that gives no rows.
    ///
    /// - Returns: how many rows it changed.
    @discardableResult
    package mutating func run(_ sql: String, _ values: SQLiteValue...) throws(SQLiteError) -> Int {
        try forEachRow(sql, values) { (_: borrowing SQLiteRow) in }
        return Int(unsafe sqlite3_changes64(handle))
    }

    /// What `read` makes of each row of the result.
    package mutating func rows<Result>(
        _ sql: String, _ values: SQLiteValue..., read: (borrowing SQLiteRow) -> Result
    ) throws(SQLiteError) -> [Result] {
        var results: [Result] = []
        try forEachRow(sql, values) { (row: borrowing SQLiteRow) in results.append(read(row)) }
        return results
    }

    /// What `read` makes of the first row; nil if there is none.
    package mutating func first<Result>(
        _ sql: String, _ values: SQLiteValue..., read: (borrowing SQLiteRow) -> Result
    ) throws(SQLiteError) -> Result? {
        var result: Result?
        try forEachRow(sql, values) { (row: borrowing SQLiteRow) in
            if result == nil { result = read(row) }
        }
        return result
    }

    package mutating func forEachRow(
        _ sql: String, _ values: [SQLiteValue], _ body: (borrowing SQLiteRow) -> Void
    ) throws(SQLiteError) {
        let statement = unsafe try prepared(sql)
        defer {
            unsafe sqlite3_reset(statement)
            unsafe sqlite3_clear_bindings(statement)
        }
        let wanted = Int(unsafe sqlite3_bind_parameter_count(statement))
        precondition(wanted == values.count, "BUG: \(sql) takes \(wanted) values and was given \(values.count)")
        for (index, value) in values.enumerated() { unsafe try bind(value, to: Int32(index + 1), of: statement, sql) }
        while true {
            switch unsafe sqlite3_step(statement) {
            case SQLITE_ROW: unsafe body(SQLiteRow(statement))
            case SQLITE_DONE: return
            default: throw failure("run \(sql)")
            }
        }
    }

    /// The rowid of the last row that was inserted through this connection.
    package var lastInsertedID: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

    private mutating func prepared(_ sql: String) throws(SQLiteError) -> OpaquePointer {
        uses += 1
        if let known = unsafe statements[sql]?.statement {
            statements[sql]!.lastUse = uses
            return unsafe known
        }
        if statements.count >= Self.statementsMax { dropLeastUsed() }
        var made: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil)
        guard code == SQLITE_OK else { throw failure("prepare \(sql)") }
        guard let statement = unsafe made else { preconditionFailure("BUG: empty SQL statement") }
        statements[sql] = unsafe Prepared(statement: statement, lastUse: uses)
        return unsafe statement
    }

    private mutating func dropLeastUsed() {
        guard let oldest = statements.min(by: { $0.value.lastUse < $1.value.lastUse }) else { return }
        unsafe sqlite3_finalize(oldest.value.statement)
        statements[oldest.key] = nil
    }

    private func bind(
        _ value: SQLiteValue, to index: Int32, of statement: OpaquePointer, _ sql: String
    ) throws(SQLiteError) {
        let code: Int32
        switch value {
        case .null: code = unsafe sqlite3_bind_null(statement, index)
        case .integer(let integer): code = unsafe sqlite3_bind_int64(statement, index, integer)
        case .real(let real): code = unsafe sqlite3_bind_double(statement, index, real)
        case .text(let text):
            code = unsafe csqlite_bind_text(statement, index, text, Int32(text.utf8.count))
        case .blob(let bytes):
            // A null pointer would bind NULL, and an empty array may have one.
            code =
                bytes.isEmpty
                ? unsafe sqlite3_bind_zeroblob(statement, index, 0)
                : unsafe csqlite_bind_blob(statement, index, bytes, Int32(bytes.count))
        }
        guard code == SQLITE_OK else { throw failure("bind value \(index) of \(sql)") }
    }

    func failure(_ action: String) -> SQLiteError {
        SQLiteError(
            code: unsafe sqlite3_extended_errcode(handle), action: action, path: path,
            reason: unsafe String(cString: sqlite3_errmsg(handle)))
    }
}

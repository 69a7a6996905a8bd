import Databases

/// Rows in a file of this machine.
struct SQLiteBackend: SQLBackend {
    private let database: SQLiteDatabase

    /// - Parameter schema: statements separated by semicolons, each good for a database that has it done already.
    init(_ path: String, schema: String, readersMax: Int, _ context: ServiceContext) throws {
        var options = SQLiteOptions()
        options.durability = .checkpoint
        options.readersMax = readersMax
        options.cacheKB = 2_048
        database = try SQLiteDatabase(path, options: options)
        try database.write { connection throws(SQLiteError) in try connection.script(schema) }
        DatabaseBackup(of: database, context).begin()
    }

    func write<Result: Sendable>(_ body: (Ask) throws(StoreFailure) -> Result) throws(StoreFailure) -> Result {
        var failure: StoreFailure?
        do throws(SQLiteError) {
            return try database.write { connection throws(SQLiteError) in
                try Self.run(&connection, body, &failure)
            }
        } catch {
            throw failure ?? Self.failure(error)
        }
    }

    func read<Result: Sendable>(_ body: (Ask) throws(StoreFailure) -> Result) throws(StoreFailure) -> Result {
        var failure: StoreFailure?
        do throws(SQLiteError) {
            return try database.read { connection throws(SQLiteError) in
                try Self.run(&connection, body, &failure)
            }
        } catch {
            throw failure ?? Self.failure(error)
        }
    }

    func close() {}

    /// A failure of the service ends the transaction like one of the database, and is then told as it was.
    private static func run<Result>(
        _ connection: inout SQLiteConnection, _ body: (Ask) throws(StoreFailure) -> Result,
        _ failure: inout StoreFailure?
    ) throws(SQLiteError) -> Result {
        let path = connection.path
        do throws(StoreFailure) {
            return try body { sql, values throws(StoreFailure) in try ask(&connection, sql, values) }
        } catch {
            failure = error
            throw SQLiteError(code: 0, action: "go on", path: path, reason: error.description)
        }
    }

    private static func ask(
        _ connection: inout SQLiteConnection, _ sql: String, _ values: [SQLValue]
    ) throws(StoreFailure) -> [SQLRow] {
        var rows: [SQLRow] = []
        do throws(SQLiteError) {
            try connection.forEachRow(sql, values.map(value)) { row in
                rows.append((0..<row.columnCount).map { value(row.value($0)) })
            }
        } catch {
            throw failure(error)
        }
        return rows
    }

    private static func failure(_ error: SQLiteError) -> StoreFailure {
        StoreFailure(error.isConstraint ? .conflict : .database, error.description)
    }

    private static func value(_ value: SQLValue) -> SQLiteValue {
        switch value {
        case .null: .null
        case .integer(let integer): .integer(integer)
        case .text(let text): .text(text)
        }
    }

    private static func value(_ value: SQLiteValue) -> SQLValue {
        switch value {
        case .integer(let integer): .integer(integer)
        case .real(let real): .integer(Int64(real))
        case .text(let text): .text(text)
        case .null, .blob: .null
        }
    }
}

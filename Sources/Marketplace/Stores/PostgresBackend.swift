import Databases

/// Rows in a PostgreSQL, which all services of an installation share.
struct PostgresBackend: SQLBackend {
    /// Longer than a request waits for its connection: `Store` lets no more in than there are connections.
    private static let patienceNs: Int64 = 1_000_000_000

    private let pool: ConnectionPool<PostgresConnection, PostgresError>

    /// - Parameter schema: statements separated by semicolons, each good for a database that has it done already.
    init(_ options: PostgresOptions, schema: String, connectionsMax: Int) throws(PostgresError) {
        pool = ConnectionPool(
            connectionsMax: connectionsMax, patienceNs: Self.patienceNs,
            open: { () throws(PostgresError) in try PostgresConnection(options) }, isGood: { $0.isGood },
            exhausted: {
                PostgresError(
                    action: "connect", server: options.server, reason: "all \(connectionsMax) connections are taken")
            })
        try pool.use { connection throws(PostgresError) in
            for statement in schema.split(separator: ";") where statement.contains(where: { !$0.isWhitespace }) {
                _ = try connection.run(String(statement))
            }
        }
    }

    func write<Result: Sendable>(_ body: (Ask) throws(StoreFailure) -> Result) throws(StoreFailure) -> Result {
        try transaction("BEGIN", body)
    }

    func read<Result: Sendable>(_ body: (Ask) throws(StoreFailure) -> Result) throws(StoreFailure) -> Result {
        try transaction("BEGIN READ ONLY", body)
    }

    func close() { pool.closeIdle() }

    private func transaction<R>(
        _ begin: String, _ body: (Ask) throws(StoreFailure) -> R
    ) throws(StoreFailure) -> R {
        var outcome: Result<R, StoreFailure>?
        do throws(PostgresError) {
            // A kept connection that the server has ended meanwhile says so at its first statement, and takes those that
            // wait beside it out of the pool. The second try is on a new one; nothing has begun before.
            outcome = try attempt(begin, body, endsWhereLost: false)
            if outcome == nil { outcome = try attempt(begin, body, endsWhereLost: true) }
        } catch {
            throw Self.failure(error)
        }
        guard let outcome else { preconditionFailure("BUG: the last attempt has no outcome") }
        return try outcome.get()
    }

    /// - Returns: nil where the connection was lost before the transaction had begun.
    private func attempt<R>(
        _ begin: String, _ body: (Ask) throws(StoreFailure) -> R, endsWhereLost: Bool
    ) throws(PostgresError) -> Result<R, StoreFailure>? {
        try pool.use { connection throws(PostgresError) in
            do throws(PostgresError) {
                _ = try connection.run(begin)
            } catch {
                if connection.isLost, !endsWhereLost { return nil }
                throw error
            }
            let outcome = Self.outcome(body, connection)
            if case .success = outcome {
                _ = try connection.run("COMMIT")
            } else {
                _ = try? connection.run("ROLLBACK")  // a lost connection has rolled back, and goes out of the pool
            }
            return outcome
        }
    }

    private static func outcome<R>(
        _ body: (Ask) throws(StoreFailure) -> R, _ connection: PostgresConnection
    ) -> Result<R, StoreFailure> {
        do throws(StoreFailure) {
            return .success(try body { sql, values throws(StoreFailure) in try ask(connection, sql, values) })
        } catch {
            return .failure(error)
        }
    }

    private static func ask(
        _ connection: PostgresConnection, _ sql: String, _ values: [SQLValue]
    ) throws(StoreFailure) -> [SQLRow] {
        do throws(PostgresError) {
            return try connection.run(sql, values.map(text)).rows.map { row in
                row.map { $0.map(SQLValue.text) ?? .null }
            }
        } catch {
            throw failure(error)
        }
    }

    private static func failure(_ error: PostgresError) -> StoreFailure {
        StoreFailure(
            error.isConstraint ? .conflict : error.isUnavailable ? .unavailable : .database, error.description)
    }

    private static func text(_ value: SQLValue) -> String? {
        switch value {
        case .null: nil
        case .integer(let integer): String(integer)
        case .text(let text): text
        }
    }
}

import Crypto
import Databases
import Encoding
package import HTTP
import Posix

/// Sessions of browsers.
extension Ledger {
    /// Begins a session and returns its secret, which is kept nowhere.
    package func createSession(_ subject: Session.Subject) throws(LedgerError) -> String {
        let tables = try pageTables()
        let nowMs = time.wallMs
        let token = BearerToken()
        let session = Session(subject: subject, expiresMs: nowMs + Int64(SessionCookies.ageSeconds) * 1000)
        try asLedger { () throws(SQLiteError) in
            try tables.sessions.insert(session, hash: token.hash, nowMs: nowMs)
        }
        return token.text
    }

    /// What a cookie's hash stands for. Answered from memory after the first call.
    package func session(forHash hash: [UInt8]) throws(LedgerError) -> Session? {
        let tables = try pageTables()
        return try asLedger { () throws(SQLiteError) in try tables.sessions.session(for: hash) }
    }

    package func endSession(hash: [UInt8]) throws(LedgerError) {
        let tables = try pageTables()
        try asLedger { () throws(SQLiteError) in try tables.sessions.delete(hash) }
    }
}

/// Dashboards that were saved in the pages.
extension Ledger {
    /// All of them without their bodies.
    package func dashboards() throws(LedgerError) -> [SavedDashboard] {
        try read { connection throws(SQLiteError) in try DashboardTable.list(&connection) }
    }

    package func dashboard(_ identifier: String) throws(LedgerError) -> SavedDashboard? {
        try read { connection throws(SQLiteError) in try DashboardTable.one(identifier, &connection) }
    }

    /// Keeps a dashboard if nobody changed it meanwhile.
    ///
    /// - Parameter dashboard: with the version that was edited; 0 for a new one.
    /// - Returns: the version that it has now.
    package func save(_ dashboard: SavedDashboard, by principal: String) throws(LedgerError) -> Int64 {
        if let refusal = dashboard.refusal { throw .unusableDashboard(refusal) }
        let nowMs = time.wallMs
        return try change { connection throws(SQLiteError) -> Result<Int64, LedgerError> in
            let known = try DashboardTable.one(dashboard.identifier, &connection)
            if let known, known.version != dashboard.version {
                return .failure(.changedDashboard(dashboard.identifier, version: known.version, by: known.changedBy))
            }
            if known == nil, dashboard.version != 0 { return .failure(.noSuchDashboard(dashboard.identifier)) }
            if known == nil, try DashboardTable.count(&connection) >= DashboardTable.dashboardsMax {
                return .failure(.unusableDashboard("\(DashboardTable.dashboardsMax) are kept already: delete some"))
            }
            var next = dashboard
            (next.version, next.changedMs, next.changedBy) = (dashboard.version + 1, nowMs, principal)
            try DashboardTable.put(next, &connection)
            return .success(next.version)
        }
    }

    package func deleteDashboard(_ identifier: String) throws(LedgerError) {
        try change { connection throws(SQLiteError) -> Result<Void, LedgerError> in
            guard try DashboardTable.one(identifier, &connection) != nil else {
                return .failure(.noSuchDashboard(identifier))
            }
            try DashboardTable.delete(identifier, &connection)
            return .success(())
        }
    }

    package func stars(of principal: String) throws(LedgerError) -> [String] {
        try read { connection throws(SQLiteError) in try DashboardTable.stars(of: principal, &connection) }
    }

    package func setStar(_ identifier: String, of principal: String, isSet: Bool) throws(LedgerError) {
        try change { connection throws(SQLiteError) -> Result<Void, LedgerError> in
            let stars = try DashboardTable.stars(of: principal, &connection)
            if isSet, stars.count >= DashboardTable.starsMax {
                return .failure(.unusableDashboard("\(DashboardTable.starsMax) stars are set already: take some away"))
            }
            try DashboardTable.setStar(identifier, of: principal, isSet: isSet, &connection)
            return .success(())
        }
    }
}

/// Short addresses.
extension Ledger {
    package static let linkBytesMax = 16 << 10
    private static let codeBytes = 6

    /// The code by which an address of the pages is found again; the same one for the same address.
    package func shorten(_ address: String) throws(LedgerError) -> String {
        let code = Base64.url.string(SecureRandom.bytes(Self.codeBytes).span)
        let nowMs = time.wallMs
        return try change { connection throws(SQLiteError) -> Result<String, LedgerError> in
            if let known = try DashboardTable.code(of: address, &connection) { return .success(known) }
            try DashboardTable.insert(code, for: address, nowMs: nowMs, &connection)
            return .success(code)
        }
    }

    package func address(ofCode code: String) throws(LedgerError) -> String? {
        try read { connection throws(SQLiteError) in try DashboardTable.address(of: code, &connection) }
    }
}

/// Keys that sign what the server gives out.
extension Ledger {
    private static let keyBytes = 32

    /// The key of that name, which is made when it is first asked for.
    package func key(named name: String) throws(LedgerError) -> [UInt8] {
        let made = SecureRandom.bytes(Self.keyBytes)
        return try change { connection throws(SQLiteError) -> Result<[UInt8], LedgerError> in
            let sql = "SELECT bytes FROM keys WHERE name = ?"
            if let known = try connection.first(sql, .text(name), read: { $0.blob(0) }) { return .success(known) }
            try connection.run("INSERT INTO keys (name, bytes) VALUES (?, ?)", .text(name), .blob(made))
            return .success(made)
        }
    }
}

extension Ledger {
    private func read<Result: Sendable>(
        _ body: (inout SQLiteConnection) throws(SQLiteError) -> Result
    ) throws(LedgerError) -> Result {
        let database = try pageTables().database
        return try asLedger { () throws(SQLiteError) in try database.read(body) }
    }

    /// Runs a change as one transaction; what it finds wrong is told once it is over.
    private func change<Value: Sendable>(
        _ body: (inout SQLiteConnection) throws(SQLiteError) -> Result<Value, LedgerError>
    ) throws(LedgerError) -> Value {
        let database = try pageTables().database
        return try asLedger { () throws(SQLiteError) in try database.write(body) }.get()
    }
}

import Crypto
import Databases
import HTTP
import Posix

/// The tokens of the ledger, with those in use held in memory: a request's token is found without touching the disk.
final class TokenTable: Sendable {
    /// Tokens in use; each costs about 200 bytes of memory.
    static let tokensMax = 10_000

    private struct Cached: Sendable {
        let id: Int64
        let grant: TokenGrant
    }

    private struct State {
        /// By the hash of the secret; nil before the first use.
        var tokens: [[UInt8]: Cached]?
        /// Token ids and when they were last shown, not yet in the database.
        var used: [Int64: Int64] = [:]
    }

    private let database: SQLiteDatabase
    private let time: any TimeSource
    private let state = Lock(State())

    init(_ database: SQLiteDatabase, time: any TimeSource) {
        self.database = database
        self.time = time
    }

    /// What a token's hash grants; nil if it is unknown or revoked.
    func grant(for hash: [UInt8]) throws(SQLiteError) -> TokenGrant? {
        let known = state.withLock { $0.tokens != nil }
        if !known { try reload() }
        let nowMs = time.wallMs
        return state.withLock { state in
            guard let cached = state.tokens?[hash] else { return nil }
            state.used[cached.id] = nowMs
            return cached.grant
        }
    }

    /// Reads the tokens in use anew, after a change here or by another process.
    func reload() throws(SQLiteError) {
        let tokens = try database.read { connection throws(SQLiteError) in
            try connection.rows(
                """
                SELECT hash, id, name, role, requests_per_second, bytes_per_second, requests_at_once FROM tokens
                WHERE revoked_ms IS NULL LIMIT ?
                """, .integer(Self.tokensMax)
            ) { row -> ([UInt8], Cached)? in
                // A role of a newer program grants nothing here.
                guard let role = Role(rawValue: row.text(3)) else { return nil }
                let grant = TokenGrant(name: row.text(2), role: role, limits: Self.limits(row, 4))
                return (row.blob(0), Cached(id: row.integer(1), grant: grant))
            }
        }
        let table = Dictionary(tokens.compactMap { $0 }, uniquingKeysWith: { first, _ in first })
        state.withLock { $0.tokens = table }
    }

    /// Writes down when tokens were last used.
    func flushUses() throws(SQLiteError) {
        let used = state.withLock { state in
            defer { state.used = [:] }
            return state.used
        }
        guard !used.isEmpty else { return }
        try database.write { connection throws(SQLiteError) in
            for (id, usedMs) in used {
                try connection.run("UPDATE tokens SET last_used_ms = ? WHERE id = ?", .integer(usedMs), .integer(id))
            }
        }
    }

    /// The newest first.
    func list(includingRevoked: Bool) throws(SQLiteError) -> [TokenRecord] {
        try database.read { connection throws(SQLiteError) in
            try connection.rows(
                """
                SELECT id, name, role, created_ms, created_by, last_used_ms, revoked_ms, requests_per_second,
                    bytes_per_second, requests_at_once
                FROM tokens WHERE revoked_ms IS NULL OR ? ORDER BY id DESC LIMIT ?
                """, .integer(includingRevoked ? 1 : 0), .integer(Self.tokensMax)
            ) { row -> TokenRecord? in
                guard let role = Role(rawValue: row.text(2)) else { return nil }
                return TokenRecord(
                    id: row.integer(0), name: row.text(1), role: role, limits: Self.limits(row, 7),
                    createdMs: row.integer(3), createdBy: row.text(4), lastUsedMs: row.integerIfAny(5),
                    revokedMs: row.integerIfAny(6))
            }.compactMap { $0 }
        }
    }

    static func countInUse(_ connection: inout SQLiteConnection) throws(SQLiteError) -> Int {
        try connection.first("SELECT count(*) FROM tokens WHERE revoked_ms IS NULL") { Int($0.integer(0)) } ?? 0
    }

    static func insert(
        _ token: BearerToken, name: String, role: Role, limits: PrincipalLimits, by principal: String, nowMs: Int64,
        _ connection: inout SQLiteConnection
    ) throws(SQLiteError) {
        try connection.run(
            """
            INSERT INTO tokens
                (name, role, hash, created_ms, created_by, requests_per_second, bytes_per_second, requests_at_once)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(name), .text(role.rawValue), .blob(token.hash), .integer(nowMs), .text(principal),
            .integer(ifAny: limits.requestsPerSecond.map(Int64.init)),
            .integer(ifAny: limits.bytesPerSecond.map(Int64.init)),
            .integer(ifAny: limits.requestsAtOnce.map(Int64.init)))
    }

    /// - Returns: false if no token of that name is in use.
    static func revoke(
        _ name: String, nowMs: Int64, _ connection: inout SQLiteConnection
    ) throws(SQLiteError) -> Bool {
        try connection.run(
            "UPDATE tokens SET revoked_ms = ? WHERE name = ? AND revoked_ms IS NULL", .integer(nowMs), .text(name)) > 0
    }

    private static func limits(_ row: borrowing SQLiteRow, _ column: Int) -> PrincipalLimits {
        PrincipalLimits(
            requestsPerSecond: row.integerIfAny(column).map { Int($0) },
            bytesPerSecond: row.integerIfAny(column + 1).map { Int($0) },
            requestsAtOnce: row.integerIfAny(column + 2).map { Int($0) })
    }
}

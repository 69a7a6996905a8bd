import Databases
import HTTP
import Posix

/// The sessions of browsers, held in memory as well: a request's session is found without touching the disk.
final class SessionTable: Sendable {
    /// Further ones end the oldest; each costs about 200 bytes of memory.
    static let sessionsMax = 10_000

    private let database: SQLiteDatabase
    /// By the hash of the secret; nil before the first use.
    private let held = Lock<[[UInt8]: Session]?>(nil)

    init(_ database: SQLiteDatabase) {
        self.database = database
    }

    func session(for hash: [UInt8]) throws(SQLiteError) -> Session? {
        if held.withLock({ $0 == nil }) { try load() }
        return held.withLock { $0?[hash] }
    }

    func insert(_ session: Session, hash: [UInt8], nowMs: Int64) throws(SQLiteError) {
        let (kind, name, proof) = Self.columns(session.subject)
        try database.write { connection throws(SQLiteError) in
            try connection.run("DELETE FROM sessions WHERE expires_ms <= ?", .integer(nowMs))
            try connection.run(
                """
                DELETE FROM sessions WHERE hash IN
                    (SELECT hash FROM sessions ORDER BY created_ms DESC LIMIT -1 OFFSET ?)
                """, .integer(Self.sessionsMax - 1))
            try connection.run(
                "INSERT INTO sessions (hash, kind, name, proof, created_ms, expires_ms) VALUES (?, ?, ?, ?, ?, ?)",
                .blob(hash), .text(kind), .text(name), .blob(proof), .integer(nowMs), .integer(session.expiresMs))
        }
        try load()
    }

    func delete(_ hash: [UInt8]) throws(SQLiteError) {
        try database.write { connection throws(SQLiteError) in
            try connection.run("DELETE FROM sessions WHERE hash = ?", .blob(hash))
        }
        try load()
    }

    private func load() throws(SQLiteError) {
        let rows = try database.read { connection throws(SQLiteError) in
            try connection.rows(
                "SELECT hash, kind, name, proof, expires_ms FROM sessions LIMIT ?", .integer(Self.sessionsMax)
            ) { row -> ([UInt8], Session)? in
                // A kind of a newer program grants nothing here.
                guard let subject = Self.subject(row.text(1), row.text(2), row.blob(3)) else { return nil }
                return (row.blob(0), Session(subject: subject, expiresMs: row.integer(4)))
            }
        }
        let table = Dictionary(rows.compactMap { $0 }, uniquingKeysWith: { first, _ in first })
        held.withLock { $0 = table }
    }

    private static func columns(_ subject: Session.Subject) -> (kind: String, name: String, proof: [UInt8]) {
        switch subject {
        case .user(let name, let proof): ("user", name, proof)
        case .token(let hash): ("token", "", hash)
        }
    }

    private static func subject(_ kind: String, _ name: String, _ proof: [UInt8]) -> Session.Subject? {
        switch kind {
        case "user": .user(name: name, proof: proof)
        case "token": .token(hash: proof)
        default: nil
        }
    }
}

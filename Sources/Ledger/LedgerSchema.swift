import Databases

/// The tables of the ledger, as the steps that made them. Released steps are never changed.
enum LedgerSchema {
    static let migrations = [
        SQLiteMigration(
            "tokens and the audit trail",
            """
            CREATE TABLE tokens (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL,
                role TEXT NOT NULL,
                hash BLOB NOT NULL UNIQUE,
                created_ms INTEGER NOT NULL,
                created_by TEXT NOT NULL,
                last_used_ms INTEGER,
                revoked_ms INTEGER,
                requests_per_second INTEGER,
                bytes_per_second INTEGER
            ) STRICT;
            CREATE UNIQUE INDEX tokens_in_use ON tokens (name) WHERE revoked_ms IS NULL;
            CREATE TABLE audit (
                sequence INTEGER PRIMARY KEY,
                at_ms INTEGER NOT NULL,
                principal TEXT NOT NULL,
                action TEXT NOT NULL,
                target TEXT NOT NULL,
                outcome TEXT NOT NULL,
                details TEXT NOT NULL,
                count INTEGER NOT NULL,
                hash BLOB NOT NULL
            ) STRICT;
            CREATE TABLE audit_start (
                only INTEGER PRIMARY KEY CHECK (only = 1),
                sequence INTEGER NOT NULL,
                hash BLOB NOT NULL
            ) STRICT;
            INSERT INTO audit_start VALUES (1, 0, zeroblob(32));
            """),
        SQLiteMigration("requests at once", "ALTER TABLE tokens ADD COLUMN requests_at_once INTEGER"),
        SQLiteMigration(
            "sessions, dashboards, stars and short addresses",
            """
            CREATE TABLE sessions (
                hash BLOB PRIMARY KEY,
                kind TEXT NOT NULL,
                name TEXT NOT NULL,
                proof BLOB NOT NULL,
                created_ms INTEGER NOT NULL,
                expires_ms INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE dashboards (
                uid TEXT PRIMARY KEY,
                title TEXT NOT NULL,
                folder TEXT NOT NULL,
                tags TEXT NOT NULL,
                body TEXT NOT NULL,
                version INTEGER NOT NULL,
                changed_ms INTEGER NOT NULL,
                changed_by TEXT NOT NULL
            ) STRICT;
            CREATE TABLE dashboard_stars (
                principal TEXT NOT NULL,
                uid TEXT NOT NULL,
                PRIMARY KEY (principal, uid)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE links (
                code TEXT PRIMARY KEY,
                address TEXT NOT NULL UNIQUE,
                made_ms INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            """),
        SQLiteMigration(
            "keys", "CREATE TABLE keys (name TEXT PRIMARY KEY, bytes BLOB NOT NULL) STRICT, WITHOUT ROWID"),
    ]
}

import Databases

/// The tables of what is remembered of alerts, as the steps that made them. Released steps are never changed.
enum AlertLedgerSchema {
    static let migrations = [
        SQLiteMigration(
            "silences, alerts, the notification log and events",
            """
            CREATE TABLE silences (
                id TEXT PRIMARY KEY,
                matchers TEXT NOT NULL,
                starts_ms INTEGER NOT NULL,
                ends_ms INTEGER NOT NULL,
                updated_ms INTEGER NOT NULL,
                created_by TEXT NOT NULL,
                comment TEXT NOT NULL,
                annotations TEXT NOT NULL
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE alerts (
                labels BLOB PRIMARY KEY,
                annotations TEXT NOT NULL,
                starts_ms INTEGER NOT NULL,
                ends_ms INTEGER NOT NULL,
                updated_ms INTEGER NOT NULL,
                generator_url TEXT NOT NULL
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE notifications (
                group_key TEXT NOT NULL,
                receiver TEXT NOT NULL,
                at_ms INTEGER NOT NULL,
                expires_ms INTEGER NOT NULL,
                firing BLOB NOT NULL,
                resolved BLOB NOT NULL,
                memo TEXT NOT NULL,
                PRIMARY KEY (group_key, receiver)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE acknowledgements (
                group_key TEXT PRIMARY KEY,
                firing BLOB NOT NULL,
                at_ms INTEGER NOT NULL,
                by_whom TEXT NOT NULL,
                note TEXT NOT NULL
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE dead_letters (
                group_key TEXT NOT NULL,
                receiver TEXT NOT NULL,
                first_ms INTEGER NOT NULL,
                last_ms INTEGER NOT NULL,
                failures INTEGER NOT NULL,
                alerts INTEGER NOT NULL,
                error TEXT NOT NULL,
                delivered_ms INTEGER,
                PRIMARY KEY (group_key, receiver)
            ) STRICT, WITHOUT ROWID;
            CREATE TABLE events (
                id INTEGER PRIMARY KEY,
                at_ms INTEGER NOT NULL,
                kind TEXT NOT NULL,
                name TEXT NOT NULL,
                labels BLOB NOT NULL,
                value REAL,
                detail TEXT NOT NULL
            ) STRICT;
            CREATE INDEX events_by_time ON events (at_ms);
            CREATE INDEX events_by_name ON events (name, at_ms);
            """)
    ]
}

import Databases
import Encoding

/// Who was told what.
extension AlertLedger {
    package func keep(_ records: [NotificationRecord]) throws(LedgerError) {
        try write { connection throws(SQLiteError) in
            for record in records {
                try connection.run(
                    "INSERT OR REPLACE INTO notifications VALUES (?, ?, ?, ?, ?, ?, ?)", .text(record.groupKey),
                    .text(record.receiver), .integer(record.atMs), .integer(record.expiresMs),
                    .blob(HashRows.bytes(record.firing)), .blob(HashRows.bytes(record.resolved)),
                    .text(TextMap.json(record.memo)))
            }
        }
    }

    /// All that have not expired; those that have are removed.
    package func notifications(atMs nowMs: Int64) throws(LedgerError) -> [NotificationRecord] {
        try write { connection throws(SQLiteError) in
            try connection.run("DELETE FROM notifications WHERE expires_ms <= ?", .integer(nowMs))
        }
        return try asLedger { () throws(SQLiteError) in
            try database.read { connection throws(SQLiteError) in
                try connection.rows(
                    "SELECT group_key, receiver, at_ms, expires_ms, firing, resolved, memo FROM notifications"
                ) { row in
                    NotificationRecord(
                        groupKey: row.text(0), receiver: row.text(1), atMs: row.integer(2), expiresMs: row.integer(3),
                        firing: HashRows.hashes(row.blob(4)), resolved: HashRows.hashes(row.blob(5)),
                        memo: TextMap.texts(row.text(6)))
                }
            }
        }
    }

    package func removeExpiredNotifications(atMs nowMs: Int64) throws(LedgerError) {
        try write { connection throws(SQLiteError) in
            try connection.run("DELETE FROM notifications WHERE expires_ms <= ?", .integer(nowMs))
        }
    }
}

/// Acknowledgements.
extension AlertLedger {
    package func keep(_ acknowledgement: Acknowledgement) throws(LedgerError) {
        try write { connection throws(SQLiteError) in
            try connection.run(
                "INSERT OR REPLACE INTO acknowledgements VALUES (?, ?, ?, ?, ?)", .text(acknowledgement.groupKey),
                .blob(HashRows.bytes(acknowledgement.firing)), .integer(acknowledgement.atMs),
                .text(acknowledgement.by), .text(acknowledgement.note))
        }
    }

    package func removeAcknowledgement(ofGroup key: String) throws(LedgerError) {
        try write { connection throws(SQLiteError) in
            try connection.run("DELETE FROM acknowledgements WHERE group_key = ?", .text(key))
        }
    }

    package func acknowledgements() throws(LedgerError) -> [Acknowledgement] {
        try asLedger { () throws(SQLiteError) in
            try database.read { connection throws(SQLiteError) in
                try connection.rows("SELECT group_key, firing, at_ms, by_whom, note FROM acknowledgements") { row in
                    Acknowledgement(
                        groupKey: row.text(0), firing: HashRows.hashes(row.blob(1)), atMs: row.integer(2),
                        by: row.text(3), note: row.text(4))
                }
            }
        }
    }
}

/// What could not be delivered.
extension AlertLedger {
    /// Counts a failure of a group at a receiver.
    package func noteFailure(
        ofGroup key: String, at receiver: String, atMs: Int64, alerts: Int, error: String
    ) throws(LedgerError) {
        try write { connection throws(SQLiteError) in
            try connection.run(
                """
                INSERT INTO dead_letters VALUES (?, ?, ?, ?, 1, ?, ?, NULL)
                ON CONFLICT (group_key, receiver) DO UPDATE SET
                    first_ms = CASE WHEN delivered_ms IS NULL THEN first_ms ELSE excluded.first_ms END,
                    failures = CASE WHEN delivered_ms IS NULL THEN failures + 1 ELSE 1 END,
                    last_ms = excluded.last_ms, alerts = excluded.alerts, error = excluded.error, delivered_ms = NULL
                """, .text(key), .text(receiver), .integer(atMs), .integer(atMs), .integer(alerts), .text(error))
            // The oldest go where there are more than anybody reads.
            try connection.run(
                """
                DELETE FROM dead_letters WHERE (group_key, receiver) IN
                    (SELECT group_key, receiver FROM dead_letters ORDER BY last_ms DESC LIMIT -1 OFFSET ?)
                """, .integer(Self.deadLettersMax))
        }
    }

    package static let deadLettersMax = 10_000

    package func noteDelivery(ofGroup key: String, at receiver: String, atMs: Int64) throws(LedgerError) {
        try write { connection throws(SQLiteError) in
            try connection.run(
                """
                UPDATE dead_letters SET delivered_ms = ? WHERE group_key = ? AND receiver = ? AND delivered_ms IS NULL
                """, .integer(atMs), .text(key), .text(receiver))
        }
    }

    /// The newest first.
    package func deadLetters() throws(LedgerError) -> [DeadLetter] {
        try asLedger { () throws(SQLiteError) in
            try database.read { connection throws(SQLiteError) in
                try connection.rows(
                    """
                    SELECT group_key, receiver, first_ms, last_ms, failures, alerts, error, delivered_ms
                    FROM dead_letters ORDER BY last_ms DESC
                    """
                ) { row in
                    DeadLetter(
                        groupKey: row.text(0), receiver: row.text(1), firstMs: row.integer(2), lastMs: row.integer(3),
                        failures: Int(row.integer(4)), alerts: Int(row.integer(5)), error: row.text(6),
                        deliveredMs: row.integerIfAny(7))
                }
            }
        }
    }
}

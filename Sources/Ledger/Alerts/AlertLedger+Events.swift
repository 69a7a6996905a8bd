import Databases
package import Model

/// What happened to alerts.
extension AlertLedger {
    package func record(_ events: [AlertEvent]) throws(LedgerError) {
        if events.isEmpty { return }
        try write { connection throws(SQLiteError) in
            for event in events {
                let value = event.value.flatMap { $0.isNaN ? nil : SQLiteValue.real($0) } ?? .null
                try connection.run(
                    "INSERT INTO events (at_ms, kind, name, labels, value, detail) VALUES (?, ?, ?, ?, ?, ?)",
                    .integer(event.atMs), .text(event.kind.rawValue), .text(event.labels[Alert.nameLabel]),
                    .blob(event.labels.bytes), value, .text(event.detail))
            }
            // Rowids grow, so the oldest are those far below the last.
            try connection.run(
                "DELETE FROM events WHERE id <= ?",
                .integer(connection.lastInsertedID - Int64(Self.eventsMax)))
        }
    }

    /// The events of a time, oldest first.
    ///
    /// - Parameters:
    ///   - matchers: what the labels have to match.
    ///   - limit: of these the newest.
    package func events(
        fromMs: Int64, toMs: Int64, matching matchers: [Matcher] = [], limit: Int = rowsMax
    ) throws(LedgerError) -> [AlertEvent] {
        let name = matchers.first { $0.name == Alert.nameLabel && $0.operation == .equal }?.value
        var found: [AlertEvent] = []
        try asLedger { () throws(SQLiteError) in
            found = try database.read { connection throws(SQLiteError) in
                try Self.read(&connection, fromMs, toMs, name, matchers, limit)
            }
        }
        return found.reversed()
    }

    private static func read(
        _ connection: inout SQLiteConnection, _ fromMs: Int64, _ toMs: Int64, _ name: String?, _ matchers: [Matcher],
        _ limit: Int
    ) throws(SQLiteError) -> [AlertEvent] {
        var found: [AlertEvent] = []
        var values: [SQLiteValue] = [.integer(fromMs), .integer(toMs)]
        if let name { values.append(.text(name)) }
        try connection.forEachRow(
            """
            SELECT at_ms, kind, labels, value, detail FROM events
            WHERE at_ms >= ? AND at_ms <= ? \(name == nil ? "" : "AND name = ?") ORDER BY at_ms DESC, id DESC
            """, values
        ) { row in
            guard found.count < limit, let kind = AlertEvent.Kind(rawValue: row.text(1)) else { return }
            let labels = Labels(canonical: row.blob(2))
            guard labels.match(matchers) else { return }
            found.append(
                AlertEvent(
                    atMs: row.integer(0), kind: kind, labels: labels, value: row.realIfAny(3), detail: row.text(4)))
        }
        return found
    }
}

import Databases
import Encoding

/// Dashboards that were saved in the pages, who starred which, and short addresses.
enum DashboardTable {
    static let dashboardsMax = 5_000
    static let starsMax = 500
    /// Short addresses; the oldest makes room.
    static let linksMax = 20_000

    static func list(_ connection: inout SQLiteConnection) throws(SQLiteError) -> [SavedDashboard] {
        try connection.rows(
            """
            SELECT uid, title, folder, tags, '', version, changed_ms, changed_by FROM dashboards
            ORDER BY title, uid LIMIT ?
            """, .integer(dashboardsMax), read: made)
    }

    static func one(_ identifier: String, _ connection: inout SQLiteConnection) throws(SQLiteError) -> SavedDashboard? {
        try connection.first(
            "SELECT uid, title, folder, tags, body, version, changed_ms, changed_by FROM dashboards WHERE uid = ?",
            .text(identifier), read: made)
    }

    static func count(_ connection: inout SQLiteConnection) throws(SQLiteError) -> Int {
        try connection.first("SELECT count(*) FROM dashboards") { Int($0.integer(0)) } ?? 0
    }

    static func put(_ one: SavedDashboard, _ connection: inout SQLiteConnection) throws(SQLiteError) {
        try connection.run(
            """
            INSERT OR REPLACE INTO dashboards (uid, title, folder, tags, body, version, changed_ms, changed_by)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """, .text(one.identifier), .text(one.title), .text(one.folder),
            .text(one.tags.joined(separator: "\n")), .text(one.body), .integer(one.version), .integer(one.changedMs),
            .text(one.changedBy))
    }

    static func delete(_ identifier: String, _ connection: inout SQLiteConnection) throws(SQLiteError) {
        try connection.run("DELETE FROM dashboards WHERE uid = ?", .text(identifier))
    }

    private static func made(_ row: borrowing SQLiteRow) -> SavedDashboard {
        SavedDashboard(
            identifier: row.text(0), title: row.text(1), folder: row.text(2),
            tags: row.text(3).split(separator: "\n").map(String.init), body: row.text(4), version: row.integer(5),
            changedMs: row.integer(6), changedBy: row.text(7))
    }
}

/// Stars.
extension DashboardTable {
    static func stars(of principal: String, _ connection: inout SQLiteConnection) throws(SQLiteError) -> [String] {
        try connection.rows(
            "SELECT uid FROM dashboard_stars WHERE principal = ? ORDER BY uid LIMIT ?", .text(principal),
            .integer(starsMax)
        ) { $0.text(0) }
    }

    static func setStar(
        _ identifier: String, of principal: String, isSet: Bool, _ connection: inout SQLiteConnection
    ) throws(SQLiteError) {
        let sql =
            isSet
            ? "INSERT OR IGNORE INTO dashboard_stars (principal, uid) VALUES (?, ?)"
            : "DELETE FROM dashboard_stars WHERE principal = ? AND uid = ?"
        try connection.run(sql, .text(principal), .text(identifier))
    }
}

/// Short addresses.
extension DashboardTable {
    /// The code of an address that is kept; nil where it is new.
    static func code(of address: String, _ connection: inout SQLiteConnection) throws(SQLiteError) -> String? {
        try connection.first("SELECT code FROM links WHERE address = ?", .text(address)) { $0.text(0) }
    }

    static func address(of code: String, _ connection: inout SQLiteConnection) throws(SQLiteError) -> String? {
        try connection.first("SELECT address FROM links WHERE code = ?", .text(code)) { $0.text(0) }
    }

    static func insert(
        _ code: String, for address: String, nowMs: Int64, _ connection: inout SQLiteConnection
    ) throws(SQLiteError) {
        try connection.run(
            "INSERT INTO links (code, address, made_ms) VALUES (?, ?, ?)", .text(code), .text(address), .integer(nowMs))
        try connection.run(
            "DELETE FROM links WHERE code IN (SELECT code FROM links ORDER BY made_ms DESC LIMIT -1 OFFSET ?)",
            .integer(linksMax))
    }
}

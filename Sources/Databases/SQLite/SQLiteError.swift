import CSQLite

/// What SQLite could not do, to which file, and why.
package struct SQLiteError: Error, Equatable, CustomStringConvertible {
    /// The extended result code.
    package let code: Int32
    /// What was asked, as a verb and its object: "open", "run INSERT INTO tokens ...".
    package let action: String
    package let path: String
    /// SQLite's own words.
    package let reason: String

    /// For what fails beside SQLite and has to end a transaction like a failure inside it.
    package init(code: Int32, action: String, path: String, reason: String) {
        self.code = code
        self.action = action
        self.path = path
        self.reason = reason
    }

    /// Another process or thread kept the database locked for longer than the busy timeout.
    package var isBusy: Bool { code & 0xff == SQLITE_BUSY }
    /// A UNIQUE, NOT NULL, CHECK or foreign key rule of a table was broken.
    package var isConstraint: Bool { code & 0xff == SQLITE_CONSTRAINT }
    /// The file is not a database any more; restore it from a backup.
    package var isCorrupt: Bool { code & 0xff == SQLITE_CORRUPT || code & 0xff == SQLITE_NOTADB }
    /// The disk is full.
    package var isNoSpace: Bool { code & 0xff == SQLITE_FULL }

    package var description: String {
        "cannot \(action) in the database \(path): \(reason) (SQLite code \(code))"
    }
}

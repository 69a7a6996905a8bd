/// One step of a schema, from the version before it. Steps are never changed once released, only added.
package struct SQLiteMigration: Sendable {
    /// What the step does, for errors.
    package let name: String
    /// Statements separated by semicolons.
    package let sql: String

    package init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }
}

extension SQLiteDatabase {
    /// Brings the schema to the end of the list; the file's `user_version` counts the steps it has seen. All missing
    /// steps are one transaction, so a crash leaves the old schema or the new one.
    ///
    /// A file that has seen more steps than there are was written by a newer program, and is refused.
    package func migrate(_ migrations: [SQLiteMigration]) throws(SQLiteError) {
        let path = self.path
        try write { connection throws(SQLiteError) in
            let seen = Int(try connection.first("PRAGMA user_version") { $0.integer(0) } ?? 0)
            guard seen <= migrations.count else {
                throw SQLiteError(
                    code: 0, action: "use schema version \(seen)", path: path,
                    reason: "this program knows versions up to \(migrations.count); use the program that wrote it, "
                        + "or a newer one")
            }
            guard seen < migrations.count else { return }
            for migration in migrations[seen...] { try connection.script(migration.sql) }
            try connection.script("PRAGMA user_version = \(migrations.count)")
        }
    }
}

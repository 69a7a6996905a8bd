import TestSupport
import Testing

@testable import Databases

@Suite struct SQLiteMigrationTests {
    private let directory = TemporaryDirectory()
    private let first = SQLiteMigration("make a", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1)")
    private let second = SQLiteMigration("make b", "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO b SELECT x FROM a")

    private func count(_ database: SQLiteDatabase, _ table: String) throws -> Int64? {
        try database.read { connection throws(SQLiteError) in
            try connection.first("SELECT count(*) FROM \(table)") { $0.integer(0) }
        }
    }

    @Test func eachStepRunsOnceInOrder() throws {
        let path = directory.file("test.db")
        try SQLiteDatabase(path).migrate([first])
        let database = try SQLiteDatabase(path)
        try database.migrate([first, second])
        try database.migrate([first, second])
        #expect(try count(database, "a") == 1)
        #expect(try count(database, "b") == 1)
    }

    @Test func aStepThatFailsLeavesTheOldSchema() throws {
        let database = try SQLiteDatabase(directory.file("test.db"))
        let broken = SQLiteMigration("break", "CREATE TABLE c (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1)")
        #expect(throws: SQLiteError.self) { try database.migrate([first, broken]) }
        try database.migrate([first, second])
        #expect(try count(database, "b") == 1)
        #expect(throws: SQLiteError.self) { try count(database, "c") }
    }

    @Test func aNewerSchemaIsRefused() throws {
        let database = try SQLiteDatabase(directory.file("test.db"))
        try database.migrate([first, second])
        let error = #expect(throws: SQLiteError.self) { try database.migrate([first]) }
        #expect(error?.reason.contains("knows versions up to 1") == true)
    }
}

import Glibc
import Posix
import TestSupport
import Testing

@testable import Databases

@Suite struct SQLiteDatabaseTests {
    private let directory = TemporaryDirectory()
    private var path: String { directory.file("test.db") }

    private func database(_ options: SQLiteOptions = SQLiteOptions()) throws -> SQLiteDatabase {
        let database = try SQLiteDatabase(path, options: options)
        try database.write { connection throws(SQLiteError) in
            try connection.script("CREATE TABLE IF NOT EXISTS t (k TEXT PRIMARY KEY, v INTEGER NOT NULL) STRICT")
        }
        return database
    }

    private func put(_ database: SQLiteDatabase, _ key: String, _ value: Int) throws(SQLiteError) {
        try database.write { connection throws(SQLiteError) in
            try connection.run("INSERT INTO t VALUES (?, ?)", .text(key), .integer(value))
        }
    }

    private func keys(_ database: SQLiteDatabase) throws(SQLiteError) -> [String] {
        try database.read { connection throws(SQLiteError) in
            try connection.rows("SELECT k FROM t ORDER BY k") { $0.text(0) }
        }
    }

    @Test func everyTypeComesBackAsItWentIn() throws {
        let database = try database()
        let text = "é\u{0}\"'; DROP TABLE t"
        let blob: [UInt8] = [0, 255, 0, 7]
        try database.write { connection throws(SQLiteError) in
            try connection.script(
                "CREATE TABLE v (a INTEGER, b REAL, c TEXT, d BLOB, e BLOB, f TEXT, g INTEGER) STRICT")
            try connection.run(
                "INSERT INTO v VALUES (?, ?, ?, ?, ?, ?, ?)", .integer(Int64.min), .real(-0.1), .text(text),
                .blob(blob), .blob([]), .text(""), .integer(ifAny: nil))
        }
        let found = try database.read { connection throws(SQLiteError) in
            try connection.first("SELECT * FROM v") { row in
                #expect(row.integer(0) == Int64.min)
                #expect(row.real(1) == -0.1)
                #expect(row.text(2) == text)
                #expect(row.blob(3) == blob)
                #expect(row.blob(4) == [])
                #expect(row.text(5) == "")
                #expect(row.integerIfAny(6) == nil)
                return true
            }
        }
        #expect(found == true)
    }

    @Test func aTransactionThatThrowsLeavesNothing() throws {
        let database = try database()
        try put(database, "a", 1)
        let error = #expect(throws: SQLiteError.self) {
            try database.write { connection throws(SQLiteError) in
                try connection.run("INSERT INTO t VALUES ('b', 2)")
                try connection.run("INSERT INTO t VALUES ('a', 3)")
            }
        }
        #expect(error?.isConstraint == true)
        #expect(try keys(database) == ["a"])
        try put(database, "c", 1)
        #expect(try keys(database) == ["a", "c"])
    }

    @Test func aReaderSeesOneStateAndCannotWrite() throws {
        let database = try database()
        try put(database, "a", 1)
        let other = try SQLiteDatabase(path)
        let seen = try database.read { connection throws(SQLiteError) in
            let before = try connection.rows("SELECT k FROM t") { $0.text(0) }
            try put(other, "b", 2)
            return (before, try connection.rows("SELECT k FROM t") { $0.text(0) })
        }
        #expect(seen.0 == ["a"] && seen.1 == ["a"])
        #expect(try keys(database) == ["a", "b"])
        #expect(throws: SQLiteError.self) {
            try database.read { connection throws(SQLiteError) in try connection.run("DELETE FROM t") }
        }
    }

    @Test func anErrorSaysWhatFailedAndWhere() throws {
        let database = try database()
        let error = #expect(throws: SQLiteError.self) {
            try database.read { connection throws(SQLiteError) in try connection.run("SELECT x FROM nowhere") }
        }
        #expect(
            error?.description
                == "cannot prepare SELECT x FROM nowhere in the database \(path): no such table: nowhere "
                + "(SQLite code 1)")
        let missing = #expect(throws: SQLiteError.self) { try SQLiteDatabase("/nowhere/test.db") }
        #expect(
            missing?.description
                == "cannot open in the database /nowhere/test.db: No such file or directory (SQLite code 14)")
    }

    @Test func aLockOfAnotherProcessIsWaitedForAndThenReported() throws {
        var options = SQLiteOptions()
        options.busyTimeoutMs = 30
        let database = try database(options)
        let other = try SQLiteDatabase(path, options: options)
        try other.write { (_: inout SQLiteConnection) throws(SQLiteError) in
            let error = #expect(throws: SQLiteError.self) { try put(database, "a", 1) }
            #expect(error?.isBusy == true)
        }
        try put(database, "a", 1)
    }

    @Test func readersBeyondTheBoundWaitAndAreThenRefusedByTheLimitsName() throws {
        var options = SQLiteOptions()
        options.readersMax = 1
        options.busyTimeoutMs = 20
        let database = try database(options)
        try database.read { (_: inout SQLiteConnection) throws(SQLiteError) in
            let error = #expect(throws: SQLiteError.self) { try keys(database) }
            #expect(error?.reason == "all 1 connections for reading were busy for 20 ms")
        }
        #expect(try keys(database).isEmpty)
    }

    @Test func threadsLoseNoWrite() throws {
        let database = try database()
        let failures = Lock<[String]>([])
        let threads = try (0..<4).map { thread in
            try OwnedThread(name: "write-\(thread)") {
                for number in 0..<25 {
                    do {
                        try put(database, "\(thread)-\(number)", number)
                        _ = try keys(database)
                    } catch {
                        failures.withLock { $0.append("\(error)") }
                    }
                }
            }
        }
        for thread in threads { thread.join() }
        #expect(failures.withLock { $0 } == [])
        #expect(try keys(database).count == 100)
    }

    @Test func moreStatementsThanAreKeptStillRun() throws {
        let database = try database()
        let sums = try database.read { connection throws(SQLiteError) in
            var sums: [Int64] = []
            for round in 0..<2 {
                for number in 0..<100 {
                    sums.append(try connection.first("SELECT \(number) + ?", .integer(round)) { $0.integer(0) } ?? -1)
                }
            }
            return sums
        }
        #expect(sums == (0..<100).map { $0 } + (0..<100).map { $0 + 1 })
    }

    @Test func theFileIsForItsOwnerOnly() throws {
        let database = try database()
        try put(database, "a", 1)
        for name in ["test.db", "test.db-wal", "test.db-shm"] {
            var status = stat()
            #expect(unsafe stat(directory.file(name), &status) == 0)
            #expect(status.st_mode & 0o777 == 0o600, "\(name)")
        }
    }

    @Test func aBackupIsOneStateAndStandsAlone() throws {
        let database = try database()
        for number in 0..<500 { try put(database, "\(number)", number) }
        let copy = directory.file("copy.db")
        try database.backUp(to: copy)
        try put(database, "later", 1)
        let restored = try SQLiteDatabase(copy)
        #expect(try keys(restored).count == 500)
        #expect(try restored.integrityFindings().isEmpty)
        let error = #expect(throws: SQLiteError.self) { try database.backUp(to: "/nowhere/copy.db") }
        #expect(error?.description.contains("cannot back up to in the database /nowhere/copy.db") == true)
    }

    @Test func damageIsFoundByTheIntegrityCheck() throws {
        do {
            let database = try database()
            for number in 0..<2_000 { try put(database, "key \(number)", number) }
            #expect(try database.integrityFindings().isEmpty)
        }
        let file = unsafe fopen(path, "r+")
        unsafe fseek(file, 4096 * 3, SEEK_SET)
        unsafe fputs(String(repeating: "x", count: 3_000), file)
        unsafe fclose(file)
        let damaged = try SQLiteDatabase(path)
        do {
            #expect(try !damaged.integrityFindings().isEmpty)
        } catch {
            #expect(error.isCorrupt)
        }
    }

    @Test func anotherWriterChangesTheVersion() throws {
        let database = try database()
        let other = try SQLiteDatabase(path)
        let before = try database.version()
        #expect(try database.version() == before)
        try put(other, "a", 1)
        #expect(try database.version() != before)
    }
}

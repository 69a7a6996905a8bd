import TestSupport
import Testing

@testable import Databases

/// Against the PostgreSQL 15 of the system.
@Suite(.serialized) struct PostgresConnectionTests {
    @Test func aRefusalSaysItsCode() throws {
        let server = try RunningPostgres()
        let connection = try PostgresConnection(server.options)
        _ = try connection.run("CREATE TABLE users (email TEXT PRIMARY KEY)")
        _ = try connection.run("INSERT INTO users VALUES ($1)", ["ada"])
        let twice = #expect(throws: PostgresError.self) {
            try connection.run("INSERT INTO users VALUES ($1)", ["ada"])
        }
        #expect(twice?.code == "23505")
        #expect(twice?.isConstraint == true)
        let unknown = #expect(throws: PostgresError.self) { try connection.run("SELECT nothing FROM users") }
        #expect(unknown?.code == "42703")
        #expect(unknown?.isConstraint == false)
        #expect(connection.isGood)
    }

    @Test func aStatementThatTakesTooLongLosesTheConnection() throws {
        let server = try RunningPostgres()
        var options = server.options
        let slow = try PostgresConnection(options)
        #expect(try slow.run("SELECT 1::text").rows == [["1"]])
        options.timeoutNs = 2_000_000_000
        let connection = try PostgresConnection(options)
        #expect(throws: PostgresError.self) { try connection.run("SELECT pg_sleep(600)") }
        #expect(!connection.isGood)
    }

    @Test func aConnectionThatTheServerEndsIsNotGood() throws {
        let server = try RunningPostgres()
        let (killer, victim) = (try PostgresConnection(server.options), try PostgresConnection(server.options))
        let pid = try victim.run("SELECT pg_backend_pid()").rows[0][0]
        _ = try killer.run("SELECT pg_terminate_backend($1::int)", [pid])
        #expect(throws: PostgresError.self) {
            // The first statement may still go out.
            for _ in 0..<100 { _ = try victim.run("SELECT 1") }
        }
        #expect(!victim.isGood)
    }
}

import Databases
import Foundation
import Posix
import TestSupport
import Testing

@testable import Agent

@Suite("PostgreSQL", .serialized)
struct PostgresIntegrationTests {
    @Test("tells of itself, and its values move under load")
    func real() throws {
        let server = try RunningPostgres()
        let connection = try PostgresConnection(server.options)
        #expect(connection.serverVersion / 10_000 == 15)
        _ = try connection.run("CREATE EXTENSION pg_stat_statements")
        _ = try connection.run("CREATE TABLE orders (id int PRIMARY KEY, state text)")
        let integration = PostgresIntegration(server.options, nil, tablesOf: ["postgres"])
        let before = try page(of: integration)
        #expect(before.samples["pg_up"] == 1)
        #expect(before.samples.keys.contains { $0.hasPrefix("pg_static{short_version=\"15.") || $0.contains("15.") })
        #expect(before.samples["pg_settings_max_connections"] == 100)
        #expect(before.samples["pg_replication_is_replica"] == 0)
        #expect(before.samples[#"pg_database_size_bytes{datname="postgres"}"#].map { $0 > 1_000_000 } == true)
        #expect(
            before.samples[#"pg_stat_user_tables_n_tup_ins{datname="postgres",relname="orders",schemaname="public"}"#]
                == 0)
        #expect(before.samples.keys.contains { $0.hasPrefix("pg_stat_bgwriter_checkpoints_timed_total") })

        let holder = try PostgresConnection(server.options)
        _ = try holder.run("BEGIN")
        _ = try holder.run("LOCK TABLE orders IN ACCESS SHARE MODE")
        let inserted = try connection.run("INSERT INTO orders SELECT n, $1 FROM generate_series(1, 500) AS n", ["new"])
        #expect(inserted.affected == 500)
        _ = try connection.run("ANALYZE orders")
        let commits = { (page: ReadPage) in
            page.samples.first { $0.key.hasPrefix("pg_stat_database_xact_commit{") && $0.key.contains("\"postgres\"") }?
                .value
        }
        // The server tells its statistics up to a second late.
        var after = before
        let hasMoved = RunningService.wait {
            guard let now = try? page(of: integration) else { return false }  // fails below
            after = now
            let inserts = now.samples[
                #"pg_stat_user_tables_n_tup_ins{datname="postgres",relname="orders",schemaname="public"}"#]
            return inserts == 500 && (commits(now) ?? 0) > (commits(before) ?? 0)
        }
        #expect(hasMoved)
        #expect(
            after.samples[#"pg_stat_activity_count{datname="postgres",state="idle in transaction"}"#] == 1)
        #expect(after.samples[#"pg_locks_count{datname="postgres",mode="accesssharelock"}"#].map { $0 >= 1 } == true)
        #expect(after.samples.keys.contains { $0.hasPrefix("pg_stat_statements_calls_total{") })
    }

    @Test("that is not there is down, and says why")
    func absent() throws {
        let folder = TemporaryDirectory()
        let integration = PostgresIntegration(PostgresOptions(host: folder.path), nil, tablesOf: [])
        var page = MetricPage()
        var failure = ""
        do { try integration.update(&page) } catch { failure = "\(error)" }
        #expect(failure.hasPrefix("cannot connect on PostgreSQL at \(folder.path): "))
        var bytes: [UInt8] = []
        page.append(to: &bytes)
        #expect(String(decoding: bytes, as: UTF8.self).contains("\npg_up 0\n"))
    }

    @Test("refuses a wrong statement with its words, and goes on")
    func refusal() throws {
        let server = try RunningPostgres()
        let connection = try PostgresConnection(server.options)
        #expect(throws: PostgresError.self) { try connection.run("SELECT nothing FROM nowhere") }
        #expect(try connection.run("SELECT $1::int + 1 AS sum, NULL AS none", ["41"]).rows == [["42", nil]])
        #expect(connection.isGood)
    }
}

/// The samples of one round of an integration or collector.
func page(of collector: any Collector) throws -> ReadPage {
    var page = MetricPage()
    try collector.update(&page)
    var bytes: [UInt8] = []
    page.append(to: &bytes)
    return ReadPage(String(decoding: bytes, as: UTF8.self))
}

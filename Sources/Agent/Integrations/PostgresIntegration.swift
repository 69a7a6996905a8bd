import Databases
import Encoding
import HTTP
import Posix

/// PostgreSQL by its statistics views, with the names of postgres_exporter. Connections are kept from scrape to scrape.
final class PostgresIntegration: Collector {
    static let definition = IntegrationDefinition("postgres") { section in
        var options = PostgresOptions(application: "obs agent")
        if let host = section.string("host") { options.host = host }
        if let port = section.int("port", in: 1...65_535) { options.port = port }
        if let user = section.string("user") { options.user = user }
        if let database = section.string("database") { options.database = database }
        if let word = section.choice("sslmode", PostgresOptions.encryptions) { options.encryption = word }
        options.authorities = section.path("ca_file")
        let password = section.secret("password", file: "password_file")
        // Statistics of tables are those of one database each.
        let databases = section.strings("tables_of") ?? [options.database]
        return { [options] _ in PostgresIntegration(options, password, tablesOf: databases) }
    }

    enum Limits {
        static let databasesMax = 50
    }

    private let options: PostgresOptions
    private let password: SecretSource?
    private let databases: [String]
    private var connections: [String: PostgresConnection] = [:]

    init(_ options: PostgresOptions, _ password: SecretSource?, tablesOf databases: [String]) {
        (self.options, self.password) = (options, password)
        self.databases = Array(databases.prefix(Limits.databasesMax))
    }

    func update(_ page: inout MetricPage) throws(CollectorError) {
        var isUp = 0.0
        defer { page.add("pg_up", .gauge, "1 if the server answers.", isUp) }
        var failure: CollectorError?
        let server = try connection(to: options.database)
        isUp = 1
        let known = try names(of: server)
        for view in PostgresView.ofServer where view.isOf(server.serverVersion, known) {
            do { try add(view, server, [], &page) } catch { failure = error }
        }
        for database in databases {
            do {
                let connection = try connection(to: database)
                for view in PostgresView.ofDatabase { try add(view, connection, [("datname", database)], &page) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private func add(
        _ view: PostgresView, _ connection: PostgresConnection, _ labels: [MetricPage.Label], _ page: inout MetricPage
    ) throws(CollectorError) {
        do throws(PostgresError) {
            view.add(try connection.run(view.statement), labels, &page)
        } catch {
            throw .failed("\(error)")
        }
    }

    /// Relations that only some servers have.
    private func names(of connection: PostgresConnection) throws(CollectorError) -> Set<String> {
        do throws(PostgresError) {
            let rows = try connection.run(
                """
                SELECT relname FROM pg_class
                WHERE relname IN ('pg_stat_statements', 'pg_stat_checkpointer', 'pg_stat_io')
                """)
            return Set(rows.rows.compactMap { $0.first.flatMap(\.self) })
        } catch {
            throw .failed("\(error)")
        }
    }

    private func connection(to database: String) throws(CollectorError) -> PostgresConnection {
        if let kept = connections[database], kept.isGood { return kept }
        var options = options
        options.database = database
        do {
            options.password = try password.map { source throws(ClientError) in Secret(try SecretText.now(source)) }
            let made = try PostgresConnection(options)
            connections[database] = made
            return made
        } catch {
            connections[database] = nil
            throw .failed("\(error)")
        }
    }
}

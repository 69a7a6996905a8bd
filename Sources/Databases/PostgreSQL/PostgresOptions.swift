package import Encoding

/// How a PostgreSQL server is reached.
package struct PostgresOptions: Sendable, Equatable {
    /// A name, an address, or the folder of a socket.
    package var host: String
    package var port: Int
    package var user: String
    package var database: String
    package var password: Secret?
    /// As `sslmode` of libpq: disable, prefer, require, verify-full.
    package var encryption: String
    package var authorities: String?
    /// How the server shows the connection.
    package var application: String
    /// For connecting and for each statement.
    package var timeoutNs: Int64

    package static let encryptions = ["disable", "prefer", "require", "verify-ca", "verify-full"]

    package init(
        host: String = "/var/run/postgresql", port: Int = 5432, user: String = "postgres",
        database: String = "postgres", password: Secret? = nil, encryption: String = "prefer",
        authorities: String? = nil, application: String = "obs", timeoutNs: Int64 = 1_500_000_000
    ) {
        (self.host, self.port, self.user, self.database) = (host, port, user, database)
        (self.password, self.encryption, self.authorities) = (password, encryption, authorities)
        (self.application, self.timeoutNs) = (application, timeoutNs)
    }

    /// How errors name it.
    package var server: String { host.hasPrefix("/") ? host : "\(host):\(port)" }

    /// The parameters of libpq.
    var parameters: [(name: String, value: String)] {
        var all = [
            ("host", host), ("port", "\(port)"), ("user", user), ("dbname", database), ("sslmode", encryption),
            ("application_name", application), ("client_encoding", "UTF8"), ("gssencmode", "disable"),
        ]
        if let password { all.append(("password", password.text)) }
        if let authorities { all.append(("sslrootcert", authorities)) }
        return all
    }
}

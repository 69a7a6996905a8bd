/// What PostgreSQL could not do, on which server, and why.
package struct PostgresError: Error, Equatable, CustomStringConvertible {
    /// What was asked, as a verb and its object: "connect", "run SELECT ...".
    package let action: String
    /// Host and port, or the folder of the socket.
    package let server: String
    /// The words of libpq or the server.
    package let reason: String
    /// The SQLSTATE of a refusal by the server.
    package var code: String?

    package init(action: String, server: String, reason: String) {
        (self.action, self.server, self.reason) = (action, server, reason)
    }

    /// A row that is there twice, or not as its table wants it.
    package var isConstraint: Bool { code?.hasPrefix("23") ?? false }

    /// The server is away, full or on its way down, as opposed to a statement that it does not like.
    package var isUnavailable: Bool {
        code.map { code in ["08", "53", "57P"].contains { code.hasPrefix($0) } } ?? true
    }

    package var description: String { "cannot \(action) on PostgreSQL at \(server): \(reason)" }
}

/// What PostgreSQL could not do, on which server, and why.
package struct PostgresError: Error, Equatable, CustomStringConvertible {
    /// What was asked, as a verb and its object: "connect", "run SELECT ...".
    package let action: String
    /// Host and port, or the folder of the socket.
    package let server: String
    /// The words of libpq or the server.
    package let reason: String

    package var description: String { "cannot \(action) on PostgreSQL at \(server): \(reason)" }
}

/// What a principal may do. A route names the one role that it needs when it is registered.
///
/// `admin` includes all others, `operate` includes `read`; `ingest` includes nothing, so that the token of an agent that
/// leaks shows no data.
package enum Role: String, CaseIterable, Sendable {
    /// Send samples, lines and traces.
    case ingest
    /// Ask.
    case read
    /// Silence and acknowledge.
    case operate
    /// Everything, configuration and tokens included.
    case admin

    package func includes(_ other: Role) -> Bool {
        switch self {
        case .admin: true
        case .operate: other == .operate || other == .read
        case .ingest, .read: other == self
        }
    }
}

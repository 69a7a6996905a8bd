/// The bounds of a server. Times are in nanoseconds.
package struct ServerOptions: Sendable {
    /// Threads that each serve a share of the connections.
    package var workers = 2
    package var head = HeadLimits()
    /// Bound on a body where its route names none.
    package var bodyBytesMax = 16 << 20
    /// Bodies of the role `ingest` from this size on are handled beside the loops, which serve others meanwhile.
    package var besideBytesMin = 64 << 10
    /// Such requests that wait for a thread; further ones are told 503.
    package var besideWaitingMax = 256
    /// Beyond this a connection is told 503 and closed.
    package var connectionsMax = 16_384
    /// For the agreement on TLS.
    package var handshakeNs: Int64 = 5_000_000_000
    /// From a connection to the first byte of its first request.
    package var firstByteNs: Int64 = 30_000_000_000
    /// From the first byte of a request to the end of its head.
    package var headNs: Int64 = 10_000_000_000
    /// How long the gate may take to decide: slow password hashes, one after the other.
    package var verdictNs: Int64 = 30_000_000_000
    /// Between two requests of a connection.
    package var idleNs: Int64 = 120_000_000_000
    /// Bodies and readers of answers must move `rateBytesMin` bytes in each such window, or are cut off.
    package var rateWindowNs: Int64 = 10_000_000_000
    package var rateBytesMin = 10_000
    /// How long a refused client may go on sending until the connection is reset.
    package var lingerNs: Int64 = 2_000_000_000
    package var crossOrigin = CrossOrigin.none

    package init() {}
}

/// Which pages of other origins may read answers (CORS).
package enum CrossOrigin: Sendable, Equatable {
    case none
    case any
    /// Scheme, host and port as browsers send them: `https://grafana.example.com`.
    case origins(Set<String>)

    /// The value of Access-Control-Allow-Origin for a request from this origin.
    func allowed(_ origin: String) -> String? {
        switch self {
        case .none: nil
        case .any: "*"
        case .origins(let origins): origins.contains(origin) ? origin : nil
        }
    }
}

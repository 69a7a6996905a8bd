import Posix

/// How often each client may ask: so many requests a second in the long run, two seconds' worth at once.
///
/// Of each client it keeps one number, the time at which all that was let through would be paid for (GCRA).
final class ClientRates: Sendable {
    /// Clients that are known at once; those whose time has passed are forgotten first, then all.
    private static let clientsMax = 20_000
    private static let burstNs: Int64 = 2_000_000_000

    private let costNs: Int64
    private let paidAtNs = Lock<[String: Int64]>([:])

    init(perSecond: Int) {
        costNs = 1_000_000_000 / Int64(max(1, perSecond))
    }

    /// - Returns: nil if the request may go on, else the seconds until one may.
    func take(_ client: String, nowNs: Int64) -> Int? {
        paidAtNs.withLock { clients in
            let paidAtNs = max(clients[client] ?? 0, nowNs)
            guard paidAtNs - nowNs + costNs <= Self.burstNs else {
                return Int((paidAtNs - nowNs + costNs - Self.burstNs) / 1_000_000_000) + 1
            }
            if clients.count >= Self.clientsMax, clients[client] == nil {
                clients = clients.filter { $0.value > nowNs }
                if clients.count >= Self.clientsMax { clients = [:] }
            }
            clients[client] = paidAtNs + costNs
            return nil
        }
    }
}

import Posix

/// Slows down who guesses passwords: after `freeFailures` wrong ones from an address, each further one makes it wait
/// twice as long as the one before, up to five minutes. Ten quiet minutes forgive everything.
///
/// It stands before the slow hash only. Tokens are too long to be guessed, and passwords that were just found right do
/// not come here, so that an address with one misconfigured agent does not shut out the others behind it.
final class GuessLimit: Sendable {
    static let freeFailures = 5
    static let waitMaxNs: Int64 = 300_000_000_000
    static let forgivenAfterNs: Int64 = 600_000_000_000
    /// Addresses that are remembered; the one that was quiet for longest makes room.
    static let addressesMax = 4_096

    private struct Record {
        var failures: Int
        var lastNs: Int64
    }

    private let time: any TimeSource
    private let records = Lock<[String: Record]>([:])

    init(time: any TimeSource) {
        self.time = time
    }

    /// How long the address has to wait before its next guess; 0 if it need not.
    func waitNs(_ peer: SocketAddress) -> Int64 {
        let key = Self.key(peer)
        let nowNs = time.monotonicNs
        return records.withLock { records in
            guard let record = records[key], nowNs - record.lastNs < Self.forgivenAfterNs else { return 0 }
            let excess = record.failures - Self.freeFailures
            guard excess >= 0 else { return 0 }
            let delayNs = min(Self.waitMaxNs, 1_000_000_000 << Int64(min(excess, 20)))
            return max(0, record.lastNs + delayNs - nowNs)
        }
    }

    func failed(_ peer: SocketAddress) {
        let key = Self.key(peer)
        let nowNs = time.monotonicNs
        records.withLock { records in
            if records[key] == nil, records.count >= Self.addressesMax,
                let quietest = records.min(by: { $0.value.lastNs < $1.value.lastNs })?.key
            {
                records[quietest] = nil
            }
            let isForgiven = records[key].map { nowNs - $0.lastNs >= Self.forgivenAfterNs } ?? true
            records[key] = Record(failures: isForgiven ? 1 : records[key]!.failures + 1, lastNs: nowNs)
        }
    }

    /// The address without its port; of IPv6 the first 64 bits, which is what one customer gets. Mapped IPv4 addresses
    /// have none but zeros there.
    private static func key(_ peer: SocketAddress) -> String {
        if case .ipv6(let high, _, _) = peer, high != 0 { return "\(high)" }
        return peer.host
    }
}

import Posix

/// The running use of each principal that has limits.
///
/// It holds as many principals as have shown valid credentials and have limits: tokens and users, both bounded where
/// they are kept.
final class Quotas: Sendable {
    private struct Buckets {
        let limits: PrincipalLimits
        var requests: TokenBucket?
        var bytes: TokenBucket?
    }

    private let time: any TimeSource
    private let buckets = Lock<[String: Buckets]>([:])

    init(time: any TimeSource) {
        self.time = time
    }

    /// What a principal has to wait for.
    struct Excess: Equatable {
        let waitNs: Int64
        /// The limit in words, for the refusal.
        let limit: String
    }

    /// Takes one request off the principal's quota; nil if that is within its limits.
    func admit(_ name: String, _ limits: PrincipalLimits) -> Excess? {
        guard limits != .none else { return nil }
        let nowNs = time.monotonicNs
        return buckets.withLock { all in
            var own = Self.current(all[name], limits, nowNs)
            defer { all[name] = own }
            if let waitNs = own.bytes?.waitNs(nowNs: nowNs), waitNs > 0 {
                return Excess(waitNs: waitNs, limit: "\(limits.bytesPerSecond ?? 0) bytes of request bodies a second")
            }
            if let waitNs = own.requests?.waitNs(nowNs: nowNs), waitNs > 0 {
                return Excess(waitNs: waitNs, limit: "\(limits.requestsPerSecond ?? 0) requests a second")
            }
            own.requests?.take(1)
            return nil
        }
    }

    /// Takes the size of a body that was received off the principal's quota.
    func received(_ name: String, bytes: Int) {
        buckets.withLock { $0[name]?.bytes?.take(bytes) }
    }

    /// Starts anew where the limits were changed.
    private static func current(_ known: Buckets?, _ limits: PrincipalLimits, _ nowNs: Int64) -> Buckets {
        if let known, known.limits == limits { return known }
        return Buckets(
            limits: limits, requests: limits.requestsPerSecond.map { TokenBucket(perSecond: $0, nowNs: nowNs) },
            bytes: limits.bytesPerSecond.map { TokenBucket(perSecond: $0, nowNs: nowNs) })
    }
}

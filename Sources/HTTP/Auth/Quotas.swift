import Posix
import Synchronization

/// The running use of each principal that has limits.
///
/// It holds as many principals as have shown valid credentials and have limits: tokens and users, both bounded where
/// they are kept.
final class Quotas: Sendable {
    private struct Buckets {
        let limits: PrincipalLimits
        var requests: TokenBucket?
        var bytes: TokenBucket?
        var atOnce = 0
    }

    private let time: any TimeSource
    private let buckets = Lock<[String: Buckets]>([:])

    init(time: any TimeSource) {
        self.time = time
    }

    enum Verdict {
        /// - Parameter place: to be kept with the request; nil where nobody counts.
        case admitted(place: RequestPlace?)
        case excess(Excess)
    }

    /// What a principal has to wait for.
    struct Excess: Equatable {
        let waitNs: Int64
        /// The limit in words, for the refusal.
        let limit: String
    }

    /// Takes one request off the principal's quota if that is within its limits.
    func admit(_ name: String, _ limits: PrincipalLimits) -> Verdict {
        guard limits != .none else { return .admitted(place: nil) }
        if let excess = take(name, limits) { return .excess(excess) }
        guard limits.requestsAtOnce != nil else { return .admitted(place: nil) }
        return .admitted(place: RequestPlace { [self] in leave(name) })
    }

    private func leave(_ name: String) {
        buckets.withLock { all in
            guard let atOnce = all[name]?.atOnce else { return }
            all[name]?.atOnce = atOnce - 1
        }
    }

    private func take(_ name: String, _ limits: PrincipalLimits) -> Excess? {
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
            if let most = limits.requestsAtOnce {
                guard own.atOnce < most else { return Excess(waitNs: Self.turnNs, limit: "\(most) requests at once") }
                own.atOnce += 1
            }
            own.requests?.take(1)
            return nil
        }
    }

    /// When to come again while as many requests run as may: nobody knows when one ends.
    private static let turnNs: Int64 = 1_000_000_000

    /// Takes the size of a body that was received off the principal's quota.
    func received(_ name: String, bytes: Int) {
        buckets.withLock { $0[name]?.bytes?.take(bytes) }
    }

    /// Starts anew where the limits were changed.
    private static func current(_ known: Buckets?, _ limits: PrincipalLimits, _ nowNs: Int64) -> Buckets {
        if let known, known.limits == limits { return known }
        return Buckets(
            limits: limits, requests: limits.requestsPerSecond.map { TokenBucket(perSecond: $0, nowNs: nowNs) },
            bytes: limits.bytesPerSecond.map { TokenBucket(perSecond: $0, nowNs: nowNs) }, atOnce: known?.atOnce ?? 0)
    }
}

/// One of the requests that a principal may have at once. It is given back with the answer, or when the last part of a
/// request that got none lets go of it.
final class RequestPlace: Sendable {
    private let isGivenBack = Atomic<Bool>(false)
    private let onEnd: @Sendable () -> Void

    init(_ onEnd: @escaping @Sendable () -> Void) {
        self.onEnd = onEnd
    }

    func giveBack() {
        if !isGivenBack.exchange(true, ordering: .relaxed) { onEnd() }
    }

    deinit {
        giveBack()
    }
}

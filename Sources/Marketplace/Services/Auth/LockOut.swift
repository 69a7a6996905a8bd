import Posix

/// Accounts that were tried too often with wrong passwords, and wait.
final class LockOut: Sendable {
    private struct Tries {
        var count = 0
        var firstNs: Int64
    }

    static let triesMax = 5
    private static let windowNs: Int64 = 300_000_000_000
    /// Accounts that are watched at once; names that were tried are not only those of users.
    private static let accountsMax = 50_000

    private let tries = Lock<[String: Tries]>([:])

    func isLocked(_ account: String, nowNs: Int64) -> Bool {
        tries.withLock { tries in
            guard let entry = tries[account], nowNs - entry.firstNs < Self.windowNs else { return false }
            return entry.count >= Self.triesMax
        }
    }

    func failed(_ account: String, nowNs: Int64) {
        tries.withLock { tries in
            if tries.count >= Self.accountsMax { tries = tries.filter { nowNs - $0.value.firstNs < Self.windowNs } }
            if tries.count >= Self.accountsMax { tries = [:] }
            var entry = tries[account] ?? Tries(firstNs: nowNs)
            if nowNs - entry.firstNs >= Self.windowNs { entry = Tries(firstNs: nowNs) }
            entry.count += 1
            tries[account] = entry
        }
    }

    func succeeded(_ account: String) { tries.withLock { $0[account] = nil } }
}

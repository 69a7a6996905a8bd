import Posix

/// When each target is due: spread over its interval by its identity, at the same instants after every restart.
struct ScrapeSchedule: Sendable {
    struct Turn: Sendable {
        var atNs: Int64
        let loop: ScrapeLoop
    }

    /// A heap, the earliest first.
    private var turns: [Turn] = []

    var firstNs: Int64? { turns.first?.atNs }
    var count: Int { turns.count }

    /// The first turn at or behind `nowNs` of the wall clock that is an interval's multiple plus the target's share.
    static func firstTurn(of identity: UInt64, intervalNs: Int64, nowNs: Int64) -> Int64 {
        let offset = Int64(identity % UInt64(intervalNs))
        let start = nowNs - nowNs % intervalNs + offset
        return start >= nowNs ? start : start + intervalNs
    }

    mutating func insert(_ turn: Turn) {
        turns.append(turn)
        var child = turns.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if turns[parent].atNs <= turns[child].atNs { return }
            turns.swapAt(parent, child)
            child = parent
        }
    }

    mutating func removeFirst() -> Turn {
        turns.swapAt(0, turns.count - 1)
        let first = turns.removeLast()
        var parent = 0
        while true {
            let left = 2 * parent + 1
            if left >= turns.count { return first }
            let right = left + 1
            let child = right < turns.count && turns[right].atNs < turns[left].atNs ? right : left
            if turns[parent].atNs <= turns[child].atNs { return first }
            turns.swapAt(parent, child)
            parent = child
        }
    }

    mutating func removeAll() { turns.removeAll() }
}

/// The timestamps of a target's samples: the instants that were planned, where the clock is near enough, because equal
/// distances cost next to nothing to store.
enum ScrapeTime {
    private static let toleranceNsMax: Int64 = 2_000_000

    /// - Parameters:
    ///   - plannedNs: by the wall clock.
    ///   - nowNs: by the same.
    static func timestampMs(plannedNs: Int64, nowNs: Int64, intervalMs: Int64) -> Int64 {
        let toleranceNs = min(intervalMs * 10_000, toleranceNsMax)
        let isNear = nowNs - plannedNs >= 0 && nowNs - plannedNs <= toleranceNs
        return (isNear ? plannedNs : nowNs) / 1_000_000
    }
}

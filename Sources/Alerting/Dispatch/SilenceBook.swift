import Model
import Text

/// All silences, active, pending and expired.
struct SilenceBook: Sendable {
    /// For so long an expired silence is kept for people to look at.
    static let keptMs: Int64 = 120 * 3_600_000
    static let silencesMax = 10_000

    private(set) var all: [String: Silence] = [:]
    /// Those that are not over, so that matching looks at no others.
    private var live: [Silence] = []

    mutating func put(_ silence: Silence) {
        all[silence.id] = silence
        live.removeAll { $0.id == silence.id }
        live.append(silence)
    }

    /// Drops what nobody looks at any more. Returns the ids.
    mutating func collect(atMs nowMs: Int64) -> [String] {
        live.removeAll { $0.endsAtMs <= nowMs }
        let old = all.values.filter { $0.endsAtMs + Self.keptMs <= nowMs }.map(\.id)
        for id in old { all[id] = nil }
        return old
    }

    /// Ids of the silences that hold for an alert.
    func silencing(_ labels: Labels, atMs nowMs: Int64) -> [String] {
        live.filter { $0.state(atMs: nowMs) == .active && $0.matches(labels) }.map(\.id).sorted()
    }

    func count(_ state: Silence.State, atMs nowMs: Int64) -> Int {
        all.values.count { $0.state(atMs: nowMs) == state }
    }
}

/// Why a silence was not taken.
package struct SilenceRefusal: Error, Sendable, CustomStringConvertible {
    package let description: String
    /// There is no silence of that id.
    package var isUnknown = false
}

extension Silence {
    /// Refuses what could never be meant.
    func refusal(nowMs: Int64) -> SilenceRefusal? {
        if matchers.isEmpty { return SilenceRefusal(description: "silence invalid: at least one matcher required") }
        if matchers.allSatisfy(\.matchesEmpty) {
            return SilenceRefusal(
                description: "silence invalid: at least one matcher must not match the empty string")
        }
        if startsAtMs >= endsAtMs {
            return SilenceRefusal(description: "silence invalid: start time must be before end time")
        }
        if endsAtMs <= nowMs { return SilenceRefusal(description: "silence invalid: end time can't be in the past") }
        return nil
    }

    /// Whether an update may keep the id: an active silence that would have held for other alerts is another silence.
    func canBecome(_ other: Silence, nowMs: Int64) -> Bool {
        guard matchers == other.matchers else { return false }
        switch state(atMs: nowMs) {
        case .active: return startsAtMs == other.startsAtMs && other.endsAtMs >= nowMs
        case .pending: return other.startsAtMs >= nowMs
        case .expired: return false
        }
    }
}

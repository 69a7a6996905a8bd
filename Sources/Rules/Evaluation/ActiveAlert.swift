package import Model

/// One alert of a rule and where it stands.
package struct ActiveAlert: Sendable, Equatable {
    package enum State: String, Sendable {
        /// Over; kept for a while so that whoever is notified hears of it.
        case inactive
        /// Its condition holds, not yet for long enough.
        case pending
        case firing
    }

    /// For how long alerts that are over are repeated to whoever is notified.
    static let keptResolvedMs: Int64 = 15 * 60_000

    package internal(set) var state: State
    package let labels: Labels
    package internal(set) var annotations: [(name: String, value: String)]
    package internal(set) var value: Double
    /// Since when the condition holds.
    package internal(set) var activeAtMs: Int64
    package internal(set) var firedAtMs: Int64?
    package internal(set) var resolvedAtMs: Int64?
    /// Since when it fires only because of `keep_firing_for`.
    package internal(set) var keepFiringSinceMs: Int64?
    var lastSentAtMs: Int64?
    /// Until when it counts as firing if nobody repeats it.
    var validUntilMs: Int64 = 0

    init(labels: Labels, annotations: [(name: String, value: String)], value: Double, activeAtMs: Int64) {
        state = .pending
        self.labels = labels
        self.annotations = annotations
        self.value = value
        self.activeAtMs = activeAtMs
    }

    package static func == (a: ActiveAlert, b: ActiveAlert) -> Bool {
        a.state == b.state && a.labels == b.labels && a.annotations.elementsEqual(b.annotations, by: ==)
            && a.value.bitPattern == b.value.bitPattern && a.activeAtMs == b.activeAtMs && a.firedAtMs == b.firedAtMs
            && a.resolvedAtMs == b.resolvedAtMs && a.keepFiringSinceMs == b.keepFiringSinceMs
    }

    /// Whether it is time to tell it again: at once when it ends, otherwise every `resendMs`.
    func needsSending(atMs nowMs: Int64, resendMs: Int64) -> Bool {
        if state == .pending { return false }
        guard let lastSentAtMs else { return true }
        if let resolvedAtMs, resolvedAtMs > lastSentAtMs { return true }
        return lastSentAtMs + resendMs < nowMs
    }
}

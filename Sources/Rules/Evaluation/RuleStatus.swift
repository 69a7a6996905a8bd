/// How a group stands, for people and programs that ask.
package struct RuleGroupStatus: Sendable {
    package var group: RuleGroup
    package var intervalMs: Int64
    package var lastEvaluationMs: Int64?
    package var durationNs: Int64 = 0
    package var missed = 0
    package var rules: [RuleStatus]

    init(_ group: RuleGroup, intervalMs: Int64) {
        self.group = group
        self.intervalMs = intervalMs
        rules = group.rules.map(RuleStatus.init)
    }
}

package struct RuleStatus: Sendable {
    package enum Health: String, Sendable {
        /// Not evaluated yet.
        case unknown
        case ok
        case err
    }

    package var rule: Rule
    package var health = Health.unknown
    package var lastError = ""
    package var lastEvaluationMs: Int64?
    package var durationNs: Int64 = 0
    /// Sorted by labels; empty for rules that raise none.
    package var alerts: [ActiveAlert] = []

    init(_ rule: Rule) { self.rule = rule }

    /// The state of its worst alert.
    package var state: ActiveAlert.State {
        if alerts.contains(where: { $0.state == .firing }) { return .firing }
        return alerts.contains { $0.state == .pending } ? .pending : .inactive
    }
}

import Model
import PromQL
import Text

/// The alerts of one rule from one evaluation to the next.
struct AlertingState {
    static let alertsSeries = "ALERTS"
    static let sinceSeries = "ALERTS_FOR_STATE"
    static let stateLabel = "alertstate"

    let rule: Rule
    /// By their labels.
    var active: [Labels: ActiveAlert] = [:]
    /// Whether alerts stand where they stood before a restart; until then nobody is told of them.
    var isRestored = false

    init(_ rule: Rule) { self.rule = rule }

    /// What an evaluation led to.
    struct Step {
        var series: [(labels: Labels, point: Point)] = []
        var events: [AlertEvent] = []
    }

    /// - Parameter queryOffsetMs: how far before the evaluation the expression looks.
    mutating func evaluate(
        atMs: Int64, queryOffsetMs: Int64, limit: Int, in environment: RuleEnvironment
    ) throws(RuleFailure) -> Step {
        let found = try alerts(atMs: atMs, queryAtMs: atMs - queryOffsetMs, in: environment)
        var step = Step()
        take(found, atMs, &step)
        let count = advance(found, atMs, &step)
        if limit > 0, count > limit {
            active = [:]
            throw RuleFailure("exceeded limit of \(limit) with \(count) alerts")
        }
        return step
    }

    /// One alert for each series of the expression's result.
    func alerts(
        atMs: Int64, queryAtMs: Int64, in environment: RuleEnvironment
    ) throws(RuleFailure) -> [Labels: ActiveAlert] {
        let result = try environment.evaluate(rule.expression, atMs: queryAtMs)
        if result.points.isEmpty { return [:] }
        let isPlain = (rule.labels + rule.annotations).allSatisfy { RuleTemplate.isPlain($0.value) }
        var context = environment.context
        context.nowMs = atMs
        let template =
            isPlain
            ? nil
            : RuleTemplate(context) { (text) throws(TemplateFailure) in
                try environment.query(text, atMs: queryAtMs)
            }
        var found: [Labels: ActiveAlert] = [:]
        for (labels, point) in result.points {
            func expanded(_ text: String) -> String {
                template?.expand(text, alert: rule.name, labels: labels, value: point.templateValue) ?? text
            }
            var builder = LabelsBuilder(labels)
            builder.remove(Labels.metricName)
            for label in rule.labels { builder.set(label.name, expanded(label.value)) }
            builder.set(Alert.nameLabel, rule.name)
            let alert = ActiveAlert(
                labels: builder.labels(), annotations: rule.annotations.map { ($0.name, expanded($0.value)) },
                value: point.number, activeAtMs: atMs)
            if found.updateValue(alert, forKey: alert.labels) != nil {
                throw RuleFailure("vector contains metrics with the same labelset after applying alert labels")
            }
        }
        return found
    }

    /// Alerts that were known get the new values, new ones are pending.
    private mutating func take(_ found: [Labels: ActiveAlert], _ atMs: Int64, _ step: inout Step) {
        for (labels, alert) in found {
            if active[labels].map({ $0.state != .inactive }) ?? false {
                active[labels]?.value = alert.value
                active[labels]?.annotations = alert.annotations
                continue
            }
            active[labels] = alert
            step.events.append(AlertEvent(atMs: atMs, kind: .pending, labels: labels, value: alert.value))
        }
    }

    /// Moves every alert on. Returns how many are pending or firing.
    private mutating func advance(_ found: [Labels: ActiveAlert], _ atMs: Int64, _ step: inout Step) -> Int {
        var count = 0
        for (labels, alert) in active {
            var alert = alert
            if found[labels] != nil {
                alert.keepFiringSinceMs = nil
            } else if !keepsFiring(&alert, atMs) {
                end(alert, atMs, &step)
                continue
            }
            count += 1
            if alert.state == .pending, atMs - alert.activeAtMs >= rule.holdMs {
                alert.state = .firing
                alert.firedAtMs = atMs
                step.events.append(AlertEvent(atMs: atMs, kind: .firing, labels: labels, value: alert.value))
            }
            active[labels] = alert
            if isRestored { step.series += series(of: alert) }
        }
        return count
    }

    private func keepsFiring(_ alert: inout ActiveAlert, _ atMs: Int64) -> Bool {
        guard alert.state == .firing, rule.keepFiringMs > 0 else { return false }
        let sinceMs = alert.keepFiringSinceMs ?? atMs
        alert.keepFiringSinceMs = sinceMs
        return atMs - sinceMs < rule.keepFiringMs
    }

    /// The condition holds no more.
    private mutating func end(_ alert: ActiveAlert, _ atMs: Int64, _ step: inout Step) {
        let isForgotten = alert.resolvedAtMs.map { atMs - $0 > ActiveAlert.keptResolvedMs } ?? false
        if alert.state == .pending || isForgotten { active[alert.labels] = nil }
        switch alert.state {
        case .inactive: return
        case .pending:
            step.events.append(
                AlertEvent(
                    atMs: atMs, kind: .reset, labels: alert.labels, value: alert.value,
                    detail: "the condition held for \(Durations.text(ofMs: atMs - alert.activeAtMs)) of "
                        + Durations.text(ofMs: rule.holdMs)))
        case .firing:
            var ended = alert
            ended.state = .inactive
            ended.resolvedAtMs = atMs
            active[alert.labels] = ended
            step.events.append(
                AlertEvent(atMs: atMs, kind: .resolved, labels: alert.labels, value: alert.value))
        }
    }

    /// `ALERTS` and `ALERTS_FOR_STATE` of an alert.
    private func series(of alert: ActiveAlert) -> [(labels: Labels, point: Point)] {
        var builder = LabelsBuilder(alert.labels)
        builder.set(Labels.metricName, Self.sinceSeries)
        let since = builder.labels()
        builder.set(Labels.metricName, Self.alertsSeries)
        builder.set(Self.stateLabel, alert.state.rawValue)
        return [
            (builder.labels(), .float(1)), (since, .float(Double(alert.activeAtMs.floored(by: 1000)))),
        ]
    }

    /// The alerts that are to be told now.
    mutating func due(
        atMs: Int64, resendMs: Int64, intervalMs: Int64, generatorURL: String
    ) -> [Alert] {
        var due: [Alert] = []
        for (labels, alert) in active where alert.needsSending(atMs: atMs, resendMs: resendMs) {
            // Two evaluations or notifications may fail before the alert counts as over.
            let validUntilMs = atMs + 4 * max(resendMs, intervalMs)
            active[labels]?.lastSentAtMs = atMs
            active[labels]?.validUntilMs = validUntilMs
            due.append(
                Alert(
                    labels: labels,
                    annotations: Dictionary(alert.annotations.map { ($0.name, $0.value) }) { first, _ in first },
                    startsAtMs: alert.firedAtMs ?? alert.activeAtMs, endsAtMs: alert.resolvedAtMs ?? validUntilMs,
                    generatorURL: generatorURL, updatedAtMs: atMs))
        }
        return due.sorted { $0.labels < $1.labels }
    }
}

extension Int64 {
    /// The quotient rounded down.
    fileprivate func floored(by divisor: Int64) -> Int64 { self >= 0 ? self / divisor : (self - divisor + 1) / divisor }
}

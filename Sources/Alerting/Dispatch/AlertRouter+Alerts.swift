package import Ledger
package import Model
import Posix
import Telemetry

/// What is wrong with an alert.
package struct AlertRefusal: Error, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// Alerts come in.
extension AlertRouter {
    /// Takes alerts that are complete, such as those of rules. They are in the ledger when it returns.
    package func take(_ alerts: [Alert]) throws(LedgerError) {
        if alerts.isEmpty { return }
        let nowMs = time.wallMs
        let merged = state.withLock { state in
            alerts.compactMap { alert -> Alert? in
                let known = state.alerts[alert.labels]
                guard known != nil || state.alerts.count < Self.alertsMax else {
                    metrics.invalid.with("v2").add()
                    return nil
                }
                // An end of what nobody has ever heard of is no news.
                if known == nil, alert.endsAtMs <= nowMs { return nil }
                let alert = known.map { $0.alert.merged(with: alert) } ?? alert
                metrics.received.with(alert.endsAtMs <= nowMs ? "resolved" : "firing", "v2").add()
                state.alerts[alert.labels, default: Held(alert: alert)].alert = alert
                state.inhibition.update(alert)
                place(alert, &state)
                return alert
            }
        }
        try ledger.keep(merged)
        state.wakeAll()
    }

    /// Takes alerts as others post them, after filling in what they leave out.
    ///
    /// - Returns: what is wrong with those that were refused.
    package func take(
        posted alerts: [PostedAlert]
    ) throws(LedgerError) -> [AlertRefusal] {
        let nowMs = time.wallMs
        let timeoutMs = state.withLock { $0.routing.resolveTimeoutMs }
        var refusals: [AlertRefusal] = []
        var taken: [Alert] = []
        for alert in alerts {
            do throws(AlertRefusal) {
                taken.append(try alert.completed(nowMs: nowMs, resolveTimeoutMs: timeoutMs))
            } catch {
                metrics.invalid.with("v2").add()
                refusals.append(error)
            }
        }
        try take(taken)
        return refusals
    }

    /// Puts an alert into its groups.
    func place(_ alert: Alert, _ state: inout State) {
        guard let root = state.routing.root else { return }
        let nowMs = time.wallMs
        for route in root.matches(alert.labels) {
            let labels = route.group(of: alert.labels)
            let id = GroupID(route: route.place, labels: labels)
            let isOld = alert.startsAtMs + route.groupWaitMs < nowMs
            if state.groups[id] == nil {
                guard state.groups.count < Self.groupsMax else {
                    metrics.refusedGroups.add()
                    continue
                }
                let dueMs = isOld ? nowMs : nowMs + route.groupWaitMs
                state.groups[id] = AlertGroup(
                    id: id, key: AlertGroup.key(route: route.key, labels: labels), dueMs: dueMs)
                state.due.push(DueHeap.Entry(dueMs: dueMs, id: id))
            }
            if state.groups[id]?.alerts.insert(alert.labels).inserted ?? false {
                state.alerts[alert.labels]?.groups += 1
            }
            if isOld, let group = state.groups[id], !group.wasFlushed, group.waitedMs == 0, group.dueMs > nowMs {
                state.groups[id]?.dueMs = nowMs
                state.due.push(DueHeap.Entry(dueMs: nowMs, id: id))
            }
        }
    }
}

/// An alert as somebody posts it.
package struct PostedAlert: Sendable {
    package var labels: [(name: String, value: String)]
    package var annotations: [String: String]
    package var startsAtMs: Int64?
    package var endsAtMs: Int64?
    package var generatorURL: String

    package init(
        labels: [(name: String, value: String)], annotations: [String: String], startsAtMs: Int64?, endsAtMs: Int64?,
        generatorURL: String
    ) {
        self.labels = labels
        self.annotations = annotations
        self.startsAtMs = startsAtMs
        self.endsAtMs = endsAtMs
        self.generatorURL = generatorURL
    }

    func completed(nowMs: Int64, resolveTimeoutMs: Int64) throws(AlertRefusal) -> Alert {
        let set = Labels(labels)
        if set.isEmpty { throw AlertRefusal("at least one label pair required") }
        if labels.contains(where: { $0.name.isEmpty }) { throw AlertRefusal("invalid label set: invalid name \"\"") }
        let ends = endsAtMs ?? nowMs + resolveTimeoutMs
        let starts = startsAtMs ?? (endsAtMs.map { min($0, nowMs) } ?? nowMs)
        if ends < starts { throw AlertRefusal("start time must be before end time") }
        return Alert(
            labels: set, annotations: annotations.filter { !$0.value.isEmpty }, startsAtMs: starts, endsAtMs: ends,
            generatorURL: generatorURL, updatedAtMs: nowMs)
    }
}

extension Alert {
    /// What is known with what is newly heard: where both are of the same time it began when either says.
    func merged(with new: Alert) -> Alert {
        let overlaps =
            (new.endsAtMs > startsAtMs && new.endsAtMs < endsAtMs)
            || (new.startsAtMs > startsAtMs && new.startsAtMs < endsAtMs)
        guard overlaps, new.updatedAtMs >= updatedAtMs else { return new }
        var merged = new
        merged.startsAtMs = min(startsAtMs, new.startsAtMs)
        return merged
    }
}

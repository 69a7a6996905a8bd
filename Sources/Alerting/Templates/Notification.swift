package import Model

/// Why a receiver is told.
package enum NotificationReason: String, Sendable {
    case first = "first notification"
    case newAlerts = "new alerts in group"
    case allResolved = "all alerts resolved"
    case someResolved = "new resolved alerts"
    case repeated = "repeat interval elapsed"
    case test = "test"
}

/// What a receiver is told of a group.
package struct Notification: Sendable {
    package struct Entry: Sendable {
        package var alert: Alert
        package var isResolved: Bool

        package init(_ alert: Alert, isResolved: Bool) {
            self.alert = alert
            self.isResolved = isResolved
        }
    }

    package var groupKey: String
    package var groupLabels: [(name: String, value: String)]
    package var routeLabels: [RouteLabel] = []
    package var receiver: String
    package var alerts: [Entry]
    package var reason: NotificationReason
    /// Where people reach the server, without a slash at the end.
    package var externalURL: String
    package var nowMs: Int64
    /// What the receiver noted when it was told last.
    package var memo: [String: String] = [:]

    package init(
        groupKey: String, groupLabels: [(name: String, value: String)], receiver: String, alerts: [Entry],
        reason: NotificationReason, externalURL: String, nowMs: Int64
    ) {
        self.groupKey = groupKey
        self.groupLabels = groupLabels
        self.receiver = receiver
        self.alerts = alerts
        self.reason = reason
        self.externalURL = externalURL
        self.nowMs = nowMs
    }

    /// Whether any alert fires.
    package var isFiring: Bool { alerts.contains { !$0.isResolved } }
    var status: String { isFiring ? "firing" : "resolved" }

    /// Pairs that all alerts have alike.
    static func common(_ sets: [[(name: String, value: String)]]) -> [(name: String, value: String)] {
        guard let first = sets.first else { return [] }
        var common = Dictionary(first.map { ($0.name, $0.value) }) { first, _ in first }
        for set in sets.dropFirst() {
            if common.isEmpty { break }
            let other = Dictionary(set.map { ($0.name, $0.value) }) { first, _ in first }
            common = common.filter { other[$0.key] == $0.value }
        }
        return common.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    var commonLabels: [(name: String, value: String)] { Self.common(alerts.map(\.alert.labels.pairs)) }
    var commonAnnotations: [(name: String, value: String)] {
        Self.common(alerts.map { $0.alert.annotations.map { ($0.key, $0.value) } })
    }
}

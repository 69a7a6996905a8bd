package import Ledger
package import Model
import Posix

/// How an alert stands.
package struct AlertStanding: Sendable {
    package var alert: Alert
    package var silencedBy: [String]
    /// Labels of the alerts that explain it.
    package var inhibitedBy: [Labels]
    /// Time intervals that keep its groups silent.
    package var mutedBy: [String]
    package var receivers: [String]
    package var acknowledgement: Acknowledgement?

    package var isSuppressed: Bool { !silencedBy.isEmpty || !inhibitedBy.isEmpty }
}

/// A group with its alerts.
package struct AlertGroupStanding: Sendable {
    package var key: String
    package var labels: Labels
    package var routeLabels: [(name: String, value: String)]
    package var receiver: String
    package var alerts: [AlertStanding]
}

extension AlertRouter {
    /// The alerts that are not over, ordered by their labels.
    package func standings(where wanted: (Alert) -> Bool = { _ in true }) -> [AlertStanding] {
        let nowMs = time.wallMs
        return state.withLock { state in
            var groups: [Labels: [AlertGroup]] = [:]
            for group in state.groups.values {
                for labels in group.alerts { groups[labels, default: []].append(group) }
            }
            return state.alerts.values
                .filter { $0.alert.endsAtMs > nowMs && wanted($0.alert) }
                .map { standing($0.alert, in: groups[$0.alert.labels] ?? [], state, nowMs) }
                .sorted { $0.alert.labels < $1.alert.labels }
        }
    }

    /// The groups with alerts that are not over, ordered by their labels and receivers.
    package func groupStandings(where wanted: (Alert) -> Bool = { _ in true }) -> [AlertGroupStanding] {
        let nowMs = time.wallMs
        return state.withLock { state in
            // An alert says who hears of it through any group.
            var receivers: [Labels: Set<String>] = [:]
            for group in state.groups.values {
                let receiver = state.routing.routes[group.id.route].receiver
                for labels in group.alerts { receivers[labels, default: []].insert(receiver) }
            }
            return state.groups.values.compactMap { group -> AlertGroupStanding? in
                let alerts = group.alerts.compactMap { state.alerts[$0]?.alert }
                    .filter { $0.endsAtMs > nowMs && wanted($0) }
                    .sorted { $0.labels < $1.labels }
                if alerts.isEmpty { return nil }
                let route = state.routing.routes[group.id.route]
                return AlertGroupStanding(
                    key: group.key, labels: group.id.labels,
                    routeLabels: route.labels.map { ($0.name, $0.template) }, receiver: route.receiver,
                    alerts: alerts.map { alert in
                        var standing = standing(alert, in: [group], state, nowMs)
                        standing.receivers = receivers[alert.labels, default: []].sorted()
                        return standing
                    })
            }
            .sorted { $0.labels == $1.labels ? $0.receiver < $1.receiver : $0.labels < $1.labels }
        }
    }

    private func standing(_ alert: Alert, in groups: [AlertGroup], _ state: State, _ nowMs: Int64) -> AlertStanding {
        let receivers = Set(groups.map { state.routing.routes[$0.id.route].receiver })
        return AlertStanding(
            alert: alert, silencedBy: state.silences.silencing(alert.labels, atMs: nowMs),
            inhibitedBy: state.inhibition.mutes(alert.labels, atMs: nowMs),
            mutedBy: Set(groups.flatMap(\.mutedBy)).sorted(), receivers: receivers.sorted(),
            acknowledgement: groups.lazy.compactMap { state.acknowledgements[$0.key] }.first)
    }

    /// The receivers in the order of the configuration. Their labels hold their names too.
    package var receivers: [(name: String, labels: Labels)] { state.withLock { $0.routing.receivers } }

    /// Where people reach the server, without a slash at the end.
    package var externalURL: String { state.withLock { $0.routing.externalURL } }

    /// What happened to alerts, oldest first.
    package func events(
        fromMs: Int64, toMs: Int64, matching matchers: [Matcher], limit: Int
    ) throws(LedgerError) -> [AlertEvent] {
        try ledger.events(fromMs: fromMs, toMs: toMs, matching: matchers, limit: limit)
    }

    /// Notifications that could not be delivered, the newest first.
    package func deadLetters() throws(LedgerError) -> [DeadLetter] { try ledger.deadLetters() }
}

/// What a test of a receiver came to, for one of its entries.
package struct ReceiverTest: Sendable {
    /// The receiver, the kind and the place of the entry.
    package var name: String
    /// Nil where the other side took it.
    package var failure: String?
    package var durationNs: Int64
}

extension AlertRouter {
    /// Tells a receiver of an alert that says that it is a test, through its real path.
    ///
    /// - Returns: one result for each entry of the receiver; nil where there is no receiver of that name.
    package func test(receiver: String, by principal: String) -> [ReceiverTest]? {
        let (queues, externalURL) = state.withLock { ($0.routing.queues[receiver], $0.routing.externalURL) }
        guard let queues else { return nil }
        let nowMs = time.wallMs
        let labels = Labels([(Alert.nameLabel, "TestNotification"), ("severity", "info"), ("test", "true")])
        let alert = Alert(
            labels: labels,
            annotations: [
                "summary": "[TEST] This is a test of the receiver \(receiver)",
                "description": "Asked for by \(principal). Nothing is wrong.",
            ], startsAtMs: nowMs, endsAtMs: nowMs + 60_000, generatorURL: externalURL, updatedAtMs: nowMs)
        let notification = Notification(
            groupKey: "{}/test:{receiver=\(GoText.quoted(receiver))}",
            groupLabels: [(Alert.nameLabel, "TestNotification")],
            receiver: receiver, alerts: [.init(alert, isResolved: false)], reason: .test, externalURL: externalURL,
            nowMs: nowMs)
        return queues.map { queue in
            let startNs = time.monotonicNs
            var failure: String?
            do throws(DeliveryFailure) {
                _ = try queue.test(notification, limitNs: Self.testNs)
            } catch {
                failure = "\(error)"
            }
            return ReceiverTest(name: queue.name, failure: failure, durationNs: time.monotonicNs - startNs)
        }
    }

    private static let testNs: Int64 = 15_000_000_000
}

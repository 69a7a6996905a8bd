import Model
import Testing

@testable import Alerting

/// The order that Alertmanager gives to the alerts of a notification.
@Suite struct AlertOrderTests {
    @Test func byJobAndInstanceThenByTheNumberOfLabelsThenByTheLabels() {
        let ordered: [[(String, String)]] = [
            [("job", "a"), ("instance", "1"), ("z", "9"), ("y", "9")], [("job", "a"), ("instance", "2")],
            [("job", "a"), ("b", "1")], [("job", "b")], [("instance", "0")], [("x", "1")], [("a", "2"), ("c", "1")],
            [("a", "2"), ("c", "2")], [("a", "3"), ("b", "1")],
        ]
        var random = SystemRandomNumberGenerator()
        let alerts = ordered.shuffled(using: &random)
            .map { Alert(labels: Labels($0), startsAtMs: 0, endsAtMs: 1) }
        #expect(AlertOrder.sorted(alerts).map(\.labels) == ordered.map { Labels($0) })
    }

    /// Whoever lacks the lower name is first.
    @Test func ofOtherNamesTheHigherIsFirst() {
        let alerts = [[("a", "1"), ("b", "1")], [("a", "1"), ("c", "1")]].map {
            Alert(labels: Labels($0), startsAtMs: 0, endsAtMs: 1)
        }
        #expect(AlertOrder.sorted(alerts).map(\.labels) == [alerts[1].labels, alerts[0].labels])
    }
}

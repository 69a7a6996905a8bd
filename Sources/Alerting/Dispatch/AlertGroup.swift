import Model

/// Names a group: a route, and the labels that its alerts have alike.
struct GroupID: Hashable, Sendable {
    let route: Int
    let labels: Labels
}

/// Alerts that a receiver is told of together.
struct AlertGroup {
    let id: GroupID
    /// Its name in notifications and in the log: the way through the routes and the labels.
    let key: String
    var alerts: Set<Labels> = []
    /// When it is looked at next.
    var dueMs: Int64
    var wasFlushed = false
    /// How long it has been put off for members of the cluster that come first.
    var waitedMs: Int64 = 0
    /// The notifications under way; while there are any, the group is not looked at again.
    var flush: Flush?
    /// It was due while notifications were under way.
    var isOverdue = false
    /// The time intervals that kept it silent when it was last looked at.
    var mutedBy: [String] = []

    /// One look at the group, from its alerts to the answers of all of its receivers.
    struct Flush {
        let number: Int
        /// Alerts that were over then, and when they were last heard.
        let resolved: [Labels: Int64]
        var pending: Int
        var hasFailed = false
    }

    /// `{}/{team="a"}:{alertname="Down"}`
    static func key(route: String, labels: Labels) -> String {
        let pairs = labels.pairs.map { "\($0.name)=\(GoText.quoted($0.value))" }.joined(separator: ", ")
        return "\(route):{\(pairs)}"
    }
}

/// Whom was told what of a group, last.
package struct NotificationRecord: Sendable, Hashable {
    package var groupKey: String
    /// The receiver, the kind and the place of its entry.
    package var receiver: String
    package var atMs: Int64
    /// After this nobody needs it any more.
    package var expiresMs: Int64
    /// Hashes of the labels of the alerts that were told as firing.
    package var firing: Set<UInt64>
    package var resolved: Set<UInt64>
    /// What the receiver wants to know of it next time, such as the place of a message that it may change.
    package var memo: [String: String]

    package init(
        groupKey: String, receiver: String, atMs: Int64, expiresMs: Int64, firing: Set<UInt64>,
        resolved: Set<UInt64>, memo: [String: String] = [:]
    ) {
        self.groupKey = groupKey
        self.receiver = receiver
        self.atMs = atMs
        self.expiresMs = expiresMs
        self.firing = firing
        self.resolved = resolved
        self.memo = memo
    }
}

/// Somebody has taken a group in hand: it is not repeated until it resolves or another alert joins.
package struct Acknowledgement: Sendable, Hashable {
    package var groupKey: String
    /// Hashes of the labels of the alerts that fired then.
    package var firing: Set<UInt64>
    package var atMs: Int64
    package var by: String
    package var note: String

    package init(groupKey: String, firing: Set<UInt64>, atMs: Int64, by: String, note: String) {
        self.groupKey = groupKey
        self.firing = firing
        self.atMs = atMs
        self.by = by
        self.note = note
    }
}

/// A notification that could not be delivered. It is tried again with the next interval of its group; this keeps why.
package struct DeadLetter: Sendable, Hashable {
    package var groupKey: String
    package var receiver: String
    package var firstMs: Int64
    package var lastMs: Int64
    package var failures: Int
    package var alerts: Int
    package var error: String
    /// When the group was told after all.
    package var deliveredMs: Int64?

    package init(
        groupKey: String, receiver: String, firstMs: Int64, lastMs: Int64, failures: Int, alerts: Int, error: String,
        deliveredMs: Int64? = nil
    ) {
        self.groupKey = groupKey
        self.receiver = receiver
        self.firstMs = firstMs
        self.lastMs = lastMs
        self.failures = failures
        self.alerts = alerts
        self.error = error
        self.deliveredMs = deliveredMs
    }
}

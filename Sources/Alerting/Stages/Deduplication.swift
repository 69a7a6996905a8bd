import Ledger
import Model

/// Whether a receiver is to be told, by what it was told last.
enum Deduplication {
    /// What a group holds now, by the hashes of the labels.
    struct Content {
        let firing: Set<UInt64>
        let resolved: Set<UInt64>

        init(_ alerts: [Notification.Entry]) {
            firing = Set(alerts.lazy.filter { !$0.isResolved }.map(\.alert.labels.hash))
            resolved = Set(alerts.lazy.filter(\.isResolved).map(\.alert.labels.hash))
        }
    }

    /// Nil where there is nothing to tell.
    static func reason(
        _ content: Content, last: NotificationRecord?, sendsResolved: Bool, repeatMs: Int64, nowMs: Int64
    ) -> NotificationReason? {
        guard let last else { return content.firing.isEmpty ? nil : .first }
        if !content.firing.isSubset(of: last.firing) { return last.firing.isEmpty ? .first : .newAlerts }
        // Told even to those who do not want to know, so that the log says that nothing fires.
        if content.firing.isEmpty { return last.firing.isEmpty ? nil : .allResolved }
        if sendsResolved, !content.resolved.isSubset(of: last.resolved) { return .someResolved }
        return last.atMs < nowMs - repeatMs ? .repeated : nil
    }

    /// Whether somebody has what fires in hand, so that it is not repeated.
    static func isInHand(_ content: Content, _ acknowledgement: Acknowledgement?) -> Bool {
        guard let acknowledgement else { return false }
        return content.firing.isSubset(of: acknowledgement.firing)
    }
}

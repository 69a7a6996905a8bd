import Alerting
import Encoding
import Model
import Text

extension FuzzedDecoder {
    /// A text as a template of a receiver, with all functions, values and shipped templates of notifications.
    static let notificationTemplate = FuzzedDecoder("notification-template") { input in
        let text = String(decoding: input.array, as: UTF8.self)
        do throws(TemplateError) {
            let writer = try templates.writer(for: notification)
            _ = try writer.text(text)
            _ = try writer.html(text)
        } catch {
            check(error.place.line >= 1 && error.place.column >= 0, "an error without a place")
        }
    }

    private static let templates = NotificationTemplates()

    private static let notification: Notification = {
        var entries: [Notification.Entry] = []
        for (name, isResolved) in [("a", false), ("<b>", true)] {
            let alert = Alert(
                labels: Labels([("alertname", "Down"), ("i", name)]), annotations: ["summary": "\u{e4} & \(name)"],
                startsAtMs: 1_767_225_600_123, endsAtMs: 1_767_225_900_000, generatorURL: "http://obs/g?a=1",
                updatedAtMs: 0)
            entries.append(.init(alert, isResolved: isResolved))
        }
        return Notification(
            groupKey: "{}:{}", groupLabels: [("alertname", "Down")], receiver: "team", alerts: entries,
            reason: .newAlerts, externalURL: "http://obs", nowMs: 1_767_225_601_000)
    }()
}

import Encoding
import Model

/// A notification as JSON, in the form that Alertmanager's webhooks have.
enum WebhookMessage {
    /// - Parameter alertsMax: nil for the setting `max_alerts`.
    static func json(of delivery: Delivery, version: String, alertsMax: Int? = nil) -> [UInt8] {
        var notification = delivery.notification
        let limit = alertsMax ?? delivery.settings.numbers["max_alerts"] ?? 0
        let truncated = limit > 0 ? max(0, notification.alerts.count - limit) : 0
        notification.alerts.removeLast(truncated)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("receiver", GoPattern.quoted(notification.receiver))
        writer.member("status", notification.status)
        writer.name("alerts")
        writer.beginArray()
        for entry in notification.alerts { write(entry, to: &writer) }
        writer.endArray()
        writer.member("notification_reason", notification.reason.rawValue)
        writer.member("groupLabels", pairs: notification.groupLabels)
        writer.member("commonLabels", pairs: notification.commonLabels)
        writer.member("commonAnnotations", pairs: notification.commonAnnotations)
        writer.member("routeLabels", pairs: routeLabels(delivery))
        writer.member("externalURL", notification.externalURL)
        writer.member("version", version)
        writer.member("groupKey", notification.groupKey)
        writer.name("truncatedAlerts")
        writer.number(truncated)
        writer.endObject()
        return writer.bytes
    }

    /// A label whose template fails shows why.
    private static func routeLabels(_ delivery: Delivery) -> [(name: String, value: String)] {
        delivery.notification.routeLabels.map { label in
            do throws(DeliveryFailure) {
                return (label.name, try delivery.render(label.template))
            } catch {
                return (label.name, "\(error)")
            }
        }
    }

    private static func write(_ entry: Notification.Entry, to writer: inout JSONWriter) {
        let alert = entry.alert
        writer.beginObject()
        writer.member("status", entry.isResolved ? "resolved" : "firing")
        writer.member("labels", pairs: alert.labels.pairs)
        writer.member("annotations", pairs: alert.annotations.map { ($0.key, $0.value) })
        writer.member("startsAt", GoJSON.time(alert.startsAtMs))
        writer.member("endsAt", GoJSON.time(entry.isResolved ? alert.endsAtMs : GoTime.zeroMs))
        writer.member("generatorURL", alert.generatorURL)
        writer.member("fingerprint", Fingerprint.text(alert.labels))
        writer.endObject()
    }
}

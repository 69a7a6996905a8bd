import Encoding
import Model

/// Alerts as `POST /api/v2/alerts` of an Alertmanager takes them.
enum AlertsJSON {
    static func body(_ alerts: [Alert]) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for alert in alerts { write(alert, to: &writer) }
        writer.endArray()
        return writer.bytes
    }

    private static func write(_ alert: Alert, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("annotations")
        writer.beginObject()
        for (name, text) in alert.annotations.sorted(by: { $0.key < $1.key }) { writer.member(name, text) }
        writer.endObject()
        writer.member("endsAt", CivilTime(ms: alert.endsAtMs).rfc3339)
        writer.member("startsAt", CivilTime(ms: alert.startsAtMs).rfc3339)
        writer.member("generatorURL", alert.generatorURL)
        writer.name("labels")
        writer.beginObject()
        for label in alert.labels.pairs { writer.member(label.name, label.value) }
        writer.endObject()
        writer.endObject()
    }
}

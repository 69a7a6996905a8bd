import Encoding
import Model
import Text

/// The alerts of a notification as templates see them.
struct TemplateAlerts: TemplateObject {
    let entries: [Notification.Entry]

    var typeName: String { "template.Alerts" }
    var value: TemplateValue { Self.list(entries, typeName) }

    func call(_ method: String, _ arguments: [TemplateValue]) throws(TemplateFailure) -> TemplateValue? {
        let result: TemplateValue
        switch method {
        case "Firing": result = Self.list(entries.filter { !$0.isResolved }, "[]template.Alert")
        case "Resolved": result = Self.list(entries.filter(\.isResolved), "[]template.Alert")
        default: return nil
        }
        try expect(0, arguments, method)
        return result
    }

    private static func list(_ entries: [Notification.Entry], _ typeName: String) -> TemplateValue {
        .list(TemplateList(entries.map(record), typeName: typeName))
    }

    private static func record(_ entry: Notification.Entry) -> TemplateValue {
        let alert = entry.alert
        let annotations = alert.annotations.map { (name: $0.key, value: $0.value) }
        return .record(
            TemplateRecord(
                "template.Alert",
                [
                    ("Status", .string(entry.isResolved ? "resolved" : "firing")),
                    ("Labels", .object(TemplatePairs(pairs: alert.labels.pairs))),
                    ("Annotations", .object(TemplatePairs(pairs: annotations))),
                    ("StartsAt", .object(GoTime(ms: alert.startsAtMs))),
                    ("EndsAt", .object(GoTime(ms: entry.isResolved ? alert.endsAtMs : GoTime.zeroMs))),
                    ("GeneratorURL", .string(alert.generatorURL)),
                    ("Fingerprint", .string(Fingerprint.text(alert.labels))),
                ]))
    }
}

extension Notification {
    /// The dot of a template.
    var templateValue: TemplateValue {
        .record(
            TemplateRecord(
                "*template.Data",
                [
                    ("Receiver", .string(GoPattern.quoted(receiver))), ("Status", .string(status)),
                    ("Alerts", .object(TemplateAlerts(entries: alerts))),
                    ("NotificationReason", .string(reason.rawValue)),
                    ("GroupLabels", .object(TemplatePairs(pairs: groupLabels))),
                    ("CommonLabels", .object(TemplatePairs(pairs: commonLabels))),
                    ("CommonAnnotations", .object(TemplatePairs(pairs: commonAnnotations))),
                    (
                        "RouteLabels",
                        .object(TemplatePairs(pairs: routeLabels.map { ($0.name, $0.template) }))
                    ),
                    ("ExternalURL", .string(externalURL)),
                ]))
    }
}

/// `regexp.QuoteMeta`: receivers stand in links as patterns.
enum GoPattern {
    static func quoted(_ text: String) -> String {
        var quoted = ""
        for character in text {
            if #"\.+*?()|[]{}^$"#.contains(character) { quoted += "\\" }
            quoted.append(character)
        }
        return quoted
    }
}

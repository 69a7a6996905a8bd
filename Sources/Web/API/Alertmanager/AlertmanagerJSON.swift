import Alerting
import Encoding
import Ledger
import Model
import Text

/// Alerts and silences as the API has them.
enum AlertmanagerJSON {
    /// - Parameter labels: nil where the name says enough.
    static func write(receiver name: String, _ labels: Labels? = nil, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", name)
        if let labels { write("labels", labels.pairs, to: &writer) }
        writer.endObject()
    }

    static func write(_ standing: AlertStanding, to writer: inout JSONWriter) {
        let alert = standing.alert
        writer.beginObject()
        write("annotations", alert.annotations.map { ($0.key, $0.value) }, to: &writer)
        writer.member("endsAt", CivilTime(ms: alert.endsAtMs).rfc3339)
        writer.member("fingerprint", Fingerprint.text(alert.labels))
        writer.name("receivers")
        writer.beginArray()
        for name in standing.receivers { write(receiver: name, to: &writer) }
        writer.endArray()
        writer.member("startsAt", CivilTime(ms: alert.startsAtMs).rfc3339)
        writer.name("status")
        writer.beginObject()
        write("inhibitedBy", standing.inhibitedBy.map(Fingerprint.text), to: &writer)
        write("mutedBy", standing.mutedBy, to: &writer)
        write("silencedBy", standing.silencedBy, to: &writer)
        writer.member("state", standing.isSuppressed || !standing.mutedBy.isEmpty ? "suppressed" : "active")
        writer.endObject()
        writer.member("updatedAt", CivilTime(ms: alert.updatedAtMs).rfc3339)
        if !alert.generatorURL.isEmpty { writer.member("generatorURL", alert.generatorURL) }
        write("labels", alert.labels.pairs, to: &writer)
        if let acknowledgement = standing.acknowledgement {
            writer.name("acknowledgement")
            writer.beginObject()
            writer.member("at", CivilTime(ms: acknowledgement.atMs).rfc3339)
            writer.member("by", acknowledgement.by)
            writer.member("note", acknowledgement.note)
            writer.endObject()
        }
        writer.endObject()
    }

    static func write(_ group: AlertGroupStanding, _ alerts: [AlertStanding], to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("alerts")
        writer.beginArray()
        for alert in alerts { write(alert, to: &writer) }
        writer.endArray()
        write("labels", group.labels.pairs, to: &writer)
        write("routeLabels", group.routeLabels, to: &writer)
        writer.name("receiver")
        write(receiver: group.receiver, to: &writer)
        writer.endObject()
    }

    static func write(_ silence: Silence, atMs nowMs: Int64, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("id", silence.id)
        writer.name("status")
        writer.beginObject()
        writer.member("state", silence.state(atMs: nowMs).rawValue)
        writer.endObject()
        writer.member("updatedAt", CivilTime(ms: silence.updatedAtMs).rfc3339)
        write("annotations", silence.annotations.map { ($0.key, $0.value) }, to: &writer)
        writer.member("comment", silence.comment)
        writer.member("createdBy", silence.createdBy)
        writer.member("endsAt", CivilTime(ms: silence.endsAtMs).rfc3339)
        writer.name("matchers")
        writer.beginArray()
        for matcher in silence.matchers {
            writer.beginObject()
            writer.name("isEqual")
            writer.bool(!matcher.isNegative)
            writer.name("isRegex")
            writer.bool(matcher.pattern != nil)
            writer.member("name", matcher.name)
            writer.member("value", matcher.value)
            writer.endObject()
        }
        writer.endArray()
        writer.member("startsAt", CivilTime(ms: silence.startsAtMs).rfc3339)
        writer.endObject()
    }

    private static func write(_ name: String, _ pairs: [(name: String, value: String)], to writer: inout JSONWriter) {
        writer.name(name)
        writer.beginObject()
        for pair in pairs.sorted(by: { $0.name < $1.name }) { writer.member(pair.name, pair.value) }
        writer.endObject()
    }

    private static func write(_ name: String, _ texts: [String], to writer: inout JSONWriter) {
        writer.name(name)
        writer.beginArray()
        for text in texts { writer.string(text) }
        writer.endArray()
    }
}

/// What clients post.
extension AlertmanagerJSON {
    static func postedAlerts(_ body: [UInt8]) throws(APIError) -> [PostedAlert] {
        guard let elements = try value(body).elements else { throw APIError(.badData, "the body is no list of alerts") }
        var alerts: [PostedAlert] = []
        for element in elements {
            alerts.append(
                PostedAlert(
                    labels: try texts(element["labels"], "labels").sorted { $0.key < $1.key }
                        .map { ($0.key, $0.value) },
                    annotations: try texts(element["annotations"], "annotations"),
                    startsAtMs: try moment(element["startsAt"], "startsAt"),
                    endsAtMs: try moment(element["endsAt"], "endsAt"),
                    generatorURL: element["generatorURL"]?.text ?? ""))
        }
        return alerts
    }

    static func postedSilence(_ body: [UInt8]) throws(APIError) -> Silence {
        let value = try value(body)
        var matchers: [Matcher] = []
        for element in value["matchers"]?.elements ?? [] {
            guard let name = element["name"]?.text, let text = element["value"]?.text else {
                throw APIError(.badData, "a matcher needs a name and a value")
            }
            let isRegex = element["isRegex"]?.bool ?? false
            let isEqual = element["isEqual"]?.bool ?? true
            do throws(RegularExpressionError) {
                matchers.append(
                    try Matcher(
                        name, isRegex ? (isEqual ? .matches : .notMatches) : (isEqual ? .equal : .notEqual), text))
            } catch {
                throw APIError(.badData, "silence invalid: \(error)")
            }
        }
        guard let starts = try moment(value["startsAt"], "startsAt"), let ends = try moment(value["endsAt"], "endsAt")
        else { throw APIError(.badData, "a silence needs startsAt and endsAt") }
        return Silence(
            id: value["id"]?.text ?? "", matchers: matchers, startsAtMs: starts, endsAtMs: ends, updatedAtMs: 0,
            createdBy: value["createdBy"]?.text ?? "", comment: value["comment"]?.text ?? "",
            annotations: try texts(value["annotations"], "annotations"))
    }

    static func value(_ body: [UInt8]) throws(APIError) -> JSONValue {
        do throws(JSONError) {
            return try JSONValue.parse(body.span)
        } catch {
            throw APIError(.badData, "the body is no JSON: \(error)")
        }
    }

    private static func texts(_ value: JSONValue?, _ name: String) throws(APIError) -> [String: String] {
        guard let value, !value.isNull else { return [:] }
        guard let members = value.members else { throw APIError(.badData, "\(name) is no object") }
        var texts: [String: String] = [:]
        for member in members {
            guard let text = member.value.text else { throw APIError(.badData, "\(name).\(member.name) is no text") }
            texts[member.name] = text
        }
        return texts
    }

    /// Go's zero time is no time.
    private static func moment(_ value: JSONValue?, _ name: String) throws(APIError) -> Int64? {
        guard let text = value?.text, !text.isEmpty, !text.hasPrefix("0001-01-01") else { return nil }
        guard let ms = RFC3339.ms(text) else {
            throw APIError(.badData, "\(name) \(Quoted.text(text)) is no moment such as 2026-11-20T19:51:00Z")
        }
        return ms
    }
}

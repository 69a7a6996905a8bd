package import Encoding
import Model

/// Something that a stand-in was told.
package struct StandInPage: Sendable {
    package enum Service: String, Sendable {
        case slack
        case pagerDuty = "pagerduty"
        case webhook
    }

    /// Counted from one.
    package var number: Int
    package var atMs: Int64
    package var service: Service
    /// What happens: `trigger` and `resolve` of PagerDuty, `firing` and `resolved` of webhooks, `post` and `update` of
    /// Slack.
    package var action: String
    /// In one line, for people.
    package var title: String
    /// What tells an incident from others: PagerDuty's `dedup_key`, a webhook's `groupKey`, the time of Slack's message.
    package var key: String
    /// Slack's channel, or the rest of a webhook's path.
    package var channel: String
    package var body: JSONValue

    func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("number")
        writer.number(number)
        writer.member("at", CivilTime(ms: atMs).rfc3339)
        for (name, text) in [
            ("service", service.rawValue), ("action", action), ("title", title), ("key", key), ("channel", channel),
        ] { writer.member(name, text) }
        writer.name("body")
        writer.value(body)
        writer.endObject()
    }
}

/// What goes wrong with a request to a stand-in.
package enum StandInTrouble: Sendable, Equatable {
    /// 429 with `Retry-After`.
    case rateLimited(seconds: Int)
    /// 500.
    case failing
    /// It is taken, after a while.
    case slow(ms: Int)
    /// It is neither taken nor answered.
    case silent
}

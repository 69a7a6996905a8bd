import Encoding
package import HTTP
import Model
import PromQL
package import Rules

/// `/api/v1/rules` and `/api/v1/alerts`: the groups as they stand, and what they raise.
package struct RulesAPI: Sendable {
    private let groups: @Sendable () -> [RuleGroupStatus]
    private let pool: HandlerPool

    package init(pool: HandlerPool, groups: @escaping @Sendable () -> [RuleGroupStatus]) {
        self.pool = pool
        self.groups = groups
    }

    package func add(to router: inout Router) {
        for prefix in Self.prefixes { add(prefix, to: &router) }
    }

    /// Loki's clients ask its ruler for the same under a prefix.
    private static let prefixes = ["", "/prometheus"]

    private func add(_ prefix: String, to router: inout Router) {
        router.get("\(prefix)/api/v1/rules", role: .read) { request, response in
            let parameters = APIParameters(request)
            pool.answer(&response) { pending in
                do throws(APIError) {
                    let filter = try RuleFilter(parameters)
                    let page = try RulePage(parameters, groups().compactMap(filter.reduced))
                    APIAnswer.success(pending) { RulesJSON.write(page, showsAlerts: filter.showsAlerts, to: &$0) }
                } catch {
                    APIAnswer.failure(pending, error)
                }
            }
        }
        router.get("\(prefix)/api/v1/alerts", role: .read) { _, response in
            pool.answer(&response) { pending in
                let alerts = groups().flatMap(\.rules).flatMap(\.alerts)
                APIAnswer.success(pending) { writer in
                    writer.beginObject()
                    RulesJSON.write(alerts, to: &writer)
                    writer.endObject()
                }
            }
        }
    }
}

/// Which rules are wanted.
private struct RuleFilter {
    private let names: Set<String>
    private let groups: Set<String>
    private let files: Set<String>
    private let selectors: [[Matcher]]
    private let type: String?
    let showsAlerts: Bool

    init(_ parameters: APIParameters) throws(APIError) {
        names = Set(parameters.all("rule_name[]"))
        groups = Set(parameters.all("rule_group[]"))
        files = Set(parameters.all("file[]"))
        type = parameters["type"]?.lowercased()
        if let type, type != "alert", type != "record" {
            throw APIError(parameter: "type", "not supported value \"\(type)\"")
        }
        let exclude = parameters["exclude_alerts"]
        guard ["", "true", "false", "1", "0"].contains(exclude ?? "") else {
            throw APIError(parameter: "exclude_alerts", "error converting exclude_alerts: \(exclude ?? "")")
        }
        showsAlerts = exclude != "true" && exclude != "1"
        var selectors: [[Matcher]] = []
        for text in parameters.all("match[]") {
            do throws(ParseError) {
                selectors.append(try Parser.parseSelector(text))
            } catch {
                throw APIError(parameter: "match[]", "\(error)")
            }
        }
        self.selectors = selectors
    }

    /// The group with what is wanted of it; nil where that is nothing.
    func reduced(_ status: RuleGroupStatus) -> RuleGroupStatus? {
        guard groups.isEmpty || groups.contains(status.group.name), files.isEmpty || files.contains(status.group.file)
        else { return nil }
        var reduced = status
        reduced.rules.removeAll { !wants($0.rule) }
        let isFiltered = !names.isEmpty || type != nil || !selectors.isEmpty
        return reduced.rules.isEmpty && isFiltered ? nil : reduced
    }

    private func wants(_ rule: Rule) -> Bool {
        if let type, (type == "alert") != rule.isAlerting { return false }
        guard names.isEmpty || names.contains(rule.name) else { return false }
        guard !selectors.isEmpty else { return true }
        return selectors.contains { matchers in
            matchers.allSatisfy { matcher in
                let value = rule.labels.first { $0.name == matcher.name }?.value ?? ""
                return matcher.matches(Array(value.utf8).span)
            }
        }
    }
}

/// A part of the groups, where a client asks for them piece by piece.
private struct RulePage {
    let groups: [RuleGroupStatus]
    /// Names the group that the next part begins with.
    let nextToken: String?

    init(_ parameters: APIParameters, _ all: [RuleGroupStatus]) throws(APIError) {
        var rest = all[...]
        if let token = parameters["group_next_token"] {
            guard let start = all.firstIndex(where: { Self.token($0) == token }) else {
                throw APIError(parameter: "group_next_token", "invalid group_next_token: the groups have changed")
            }
            rest = all[start...]
        }
        guard let text = parameters["group_limit"] else {
            groups = Array(rest)
            nextToken = nil
            return
        }
        guard let limit = Int(text), limit > 0 else {
            throw APIError(parameter: "group_limit", "group_limit needs to be a valid number and larger than 0")
        }
        groups = Array(rest.prefix(limit))
        nextToken = rest.dropFirst(limit).first.map(Self.token)
    }

    private static func token(_ status: RuleGroupStatus) -> String {
        let hash = Hash64.of(Array(status.group.key.utf8).span)
        return String(hash, radix: 16)
    }
}

/// Rules and alerts as Prometheus writes them.
private enum RulesJSON {
    static func write(_ page: RulePage, showsAlerts: Bool, to writer: inout JSONWriter) {
        writer.beginObject()
        writer.name("groups")
        writer.beginArray()
        for group in page.groups { write(group, showsAlerts, &writer) }
        writer.endArray()
        if let token = page.nextToken { writer.member("groupNextToken", token) }
        writer.endObject()
    }

    static func write(_ alerts: [ActiveAlert], to writer: inout JSONWriter) {
        writer.name("alerts")
        writer.beginArray()
        for alert in alerts where alert.state != .inactive { write(alert, &writer) }
        writer.endArray()
    }

    private static func write(_ status: RuleGroupStatus, _ showsAlerts: Bool, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", status.group.name)
        writer.member("file", status.group.file)
        writer.name("rules")
        writer.beginArray()
        for rule in status.rules { write(rule, showsAlerts, &writer) }
        writer.endArray()
        writer.member("interval", Double(status.intervalMs) / 1000)
        writer.member("limit", status.group.limit)
        writer.member("evaluationTime", Double(status.durationNs) / 1e9)
        writer.member("lastEvaluation", time(status.lastEvaluationMs))
        writer.endObject()
    }

    private static func write(_ status: RuleStatus, _ showsAlerts: Bool, _ writer: inout JSONWriter) {
        let rule = status.rule
        writer.beginObject()
        if rule.isAlerting { writer.member("state", status.state.rawValue) }
        writer.member("name", rule.name)
        writer.member("query", "\(rule.expression)")
        if rule.isAlerting {
            writer.member("duration", Double(rule.holdMs) / 1000)
            writer.member("keepFiringFor", Double(rule.keepFiringMs) / 1000)
        }
        pairs("labels", rule.labels, &writer)
        if rule.isAlerting {
            pairs("annotations", rule.annotations, &writer)
            if showsAlerts { write(status.alerts, to: &writer) }
        }
        writer.member("health", status.health.rawValue)
        if !status.lastError.isEmpty { writer.member("lastError", status.lastError) }
        writer.member("evaluationTime", Double(status.durationNs) / 1e9)
        writer.member("lastEvaluation", time(status.lastEvaluationMs))
        writer.member("type", rule.isAlerting ? "alerting" : "recording")
        writer.endObject()
    }

    private static func write(_ alert: ActiveAlert, _ writer: inout JSONWriter) {
        writer.beginObject()
        pairs("labels", alert.labels.pairs, &writer)
        pairs("annotations", alert.annotations, &writer)
        writer.member("state", alert.state.rawValue)
        writer.member("activeAt", time(alert.activeAtMs))
        if let sinceMs = alert.keepFiringSinceMs { writer.member("keepFiringSince", time(sinceMs)) }
        writer.member("value", FloatText.exponential(alert.value))
        writer.endObject()
    }

    private static func pairs(
        _ name: String, _ pairs: [(name: String, value: String)], _ writer: inout JSONWriter
    ) {
        writer.name(name)
        writer.beginObject()
        for pair in pairs { writer.member(pair.name, pair.value) }
        writer.endObject()
    }

    /// What has not happened yet is Go's zero time.
    private static func time(_ ms: Int64?) -> String {
        ms.map { CivilTime(ms: $0).rfc3339 } ?? "0001-01-01T00:00:00Z"
    }
}

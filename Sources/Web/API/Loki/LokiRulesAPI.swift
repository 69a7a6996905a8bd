import Encoding
package import HTTP
import Model
package import Rules

/// `/loki/api/v1/rules`: the rules in LogQL as Loki's ruler lists them, by file and group. The answer is JSON, which is YAML.
package struct LokiRulesAPI: Sendable {
    private let pool: HandlerPool
    private let groups: @Sendable () -> [RuleGroupStatus]

    package init(pool: HandlerPool, groups: @escaping @Sendable () -> [RuleGroupStatus]) {
        (self.pool, self.groups) = (pool, groups)
    }

    package func add(to router: inout Router) {
        for prefix in ["/loki/api/v1/rules", "/api/prom/rules"] {
            for (path, names) in [("", 0), ("/:namespace", 1), ("/:namespace/:group", 2)] {
                router.get(prefix + path, role: .read) { [self] request, response in
                    let file = names > 0 ? request.parameter("namespace") : nil
                    let name = names > 1 ? request.parameter("group") : nil
                    pool.answer(&response) { pending in answer(file, name, pending) }
                }
            }
        }
    }

    private func answer(_ file: String?, _ name: String?, _ pending: PendingResponse) {
        let wanted = groups().map(\.group).filter { group in
            group.rules.contains(where: Self.isOfLogs) && (file == nil || file == Self.namespace(group))
                && (name == nil || name == group.name)
        }
        var writer = JSONWriter()
        if wanted.isEmpty {
            return pending.send(.notFound, name == nil ? "no rule groups found\n" : "group does not exist\n")
        }
        if name != nil {
            Self.write(wanted[0], &writer)
        } else {
            writer.beginObject()
            for file in Set(wanted.map(Self.namespace)).sorted() {
                writer.name(file)
                writer.beginArray()
                for group in wanted where Self.namespace(group) == file { Self.write(group, &writer) }
                writer.endArray()
            }
            writer.endObject()
        }
        pending.send(.ok, writer.bytes.span, contentType: "application/yaml")
    }

    private static func isOfLogs(_ rule: Rule) -> Bool {
        if case .logQL = rule.expression { true } else { false }
    }

    /// The name of the file without its folders.
    private static func namespace(_ group: RuleGroup) -> String {
        group.file.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? group.file
    }

    private static func write(_ group: RuleGroup, _ writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("name", group.name)
        if let ms = group.intervalMs { writer.member("interval", Durations.text(ofMs: ms)) }
        if group.limit > 0 { writer.member("limit", group.limit) }
        writer.name("rules")
        writer.beginArray()
        for rule in group.rules where isOfLogs(rule) {
            writer.beginObject()
            writer.member(rule.isAlerting ? "alert" : "record", rule.name)
            writer.member("expr", rule.text)
            if rule.holdMs > 0 { writer.member("for", Durations.text(ofMs: rule.holdMs)) }
            if rule.keepFiringMs > 0 { writer.member("keep_firing_for", Durations.text(ofMs: rule.keepFiringMs)) }
            write("labels", rule.labels, &writer)
            write("annotations", rule.annotations, &writer)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    private static func write(_ name: String, _ pairs: [(name: String, value: String)], _ writer: inout JSONWriter) {
        if pairs.isEmpty { return }
        writer.name(name)
        writer.beginObject()
        for pair in pairs { writer.member(pair.name, pair.value) }
        writer.endObject()
    }
}

import Encoding
import Model
import Text

/// Reads the tree of routes.
struct RouteReader {
    let receivers: Set<String>
    let intervals: Set<String>

    /// What a node has from the one above.
    private struct Inherited {
        var receiver = ""
        var groupBy: [String] = []
        var groupsByAll = false
        var groupWaitMs: Int64 = 30_000
        var groupIntervalMs: Int64 = 5 * 60_000
        var repeatIntervalMs: Int64 = 4 * 3_600_000
        var labels: [RouteLabel] = []
        var key = ""
    }

    func root(_ section: YAMLSection) -> Route {
        if ["match", "match_re", "matchers"].contains(where: { section.value($0) != nil }) {
            section.refuse("root route must not have any matchers", "move them to a route below")
        }
        for key in ["mute_time_intervals", "active_time_intervals"] where !(section.strings(key) ?? []).isEmpty {
            section.refuse(at: key, "root route must not have any \(key)", "move them to a route below")
        }
        var route = route(section, Inherited(), depth: 0)
        _ = route.number()
        if route.receiver.isEmpty { section.refuse("root route must specify a default receiver", "add receiver") }
        if route.continues { section.refuse(at: "continue", "cannot have continue in root route", "remove it") }
        return route
    }

    private func route(_ section: YAMLSection, _ above: Inherited, depth: Int) -> Route {
        var own = above
        if let receiver = section.string("receiver"), !receiver.isEmpty {
            own.receiver = receiver
            if !receivers.contains(receiver) {
                section.refuse(
                    at: "receiver", "undefined receiver \(Quoted.text(receiver)) used in route",
                    NearestWord.of(receiver, among: Array(receivers)).map { "did you mean \(Quoted.text($0))?" }
                        ?? "define it under receivers")
            }
        }
        readGroupBy(section, &own)
        readTimes(section, &own)
        readLabels(section, &own)
        let matchers = MatcherReader.read(section, list: "matchers", equal: "match", pattern: "match_re")
        own.key =
            (above.key.isEmpty ? "" : above.key + "/")
            + "{\(matchers.map(\.description).sorted().joined(separator: ","))}"
        var route = Route(
            receiver: own.receiver, groupBy: own.groupBy, groupsByAll: own.groupsByAll, matchers: matchers,
            continues: section.bool("continue") ?? false, groupWaitMs: own.groupWaitMs,
            groupIntervalMs: own.groupIntervalMs, repeatIntervalMs: own.repeatIntervalMs,
            muteTimes: names(section, "mute_time_intervals"), activeTimes: names(section, "active_time_intervals"),
            labels: own.labels, routes: [], key: own.key)
        route.routes = section.sections("routes", "route").map { self.route($0, own, depth: depth + 1) }
        section.finish()
        return route
    }

    private func readGroupBy(_ section: YAMLSection, _ own: inout Inherited) {
        guard let labels = section.strings("group_by"), !labels.isEmpty else { return }
        own.groupsByAll = labels.contains("...")
        own.groupBy = labels.filter { $0 != "..." }
        if own.groupsByAll, !own.groupBy.isEmpty {
            section.refuse(
                at: "group_by", "cannot have wildcard group_by (`...`) and other labels at the same time",
                "keep one of both")
        }
        if Set(labels).count < labels.count {
            section.refuse(at: "group_by", "duplicated label in group_by", "name each once")
        }
        if labels.contains("") { section.refuse(at: "group_by", "invalid label name \"\" in group_by list") }
    }

    private func readTimes(_ section: YAMLSection, _ own: inout Inherited) {
        if let ms = section.durationMs("group_wait") { own.groupWaitMs = ms }
        if let ms = section.durationMs("group_interval") {
            own.groupIntervalMs = ms
            if ms == 0 { section.refuse(at: "group_interval", "group_interval cannot be zero") }
        }
        if let ms = section.durationMs("repeat_interval") {
            own.repeatIntervalMs = ms
            if ms == 0 { section.refuse(at: "repeat_interval", "repeat_interval cannot be zero") }
        }
    }

    /// A label that is above too is replaced there where it stands, so that those that build on it see the new text.
    private func readLabels(_ section: YAMLSection, _ own: inout Inherited) {
        for pair in section.pairs("labels") ?? [] {
            guard let template = section.reader.string(pair.value, pair.key) else { continue }
            if let place = own.labels.firstIndex(where: { $0.name == pair.key }) {
                own.labels[place].template = template
            } else {
                own.labels.append(RouteLabel(name: pair.key, template: template))
            }
        }
    }

    private func names(_ section: YAMLSection, _ key: String) -> [String] {
        (section.list(key) ?? []).compactMap { node in
            guard let name = section.reader.string(node, "an entry of \(key)") else { return nil }
            if !intervals.contains(name) {
                section.reader.refuse(
                    node, "undefined time interval \(Quoted.text(name)) used in route", "define it under time_intervals"
                )
            }
            return name
        }
    }
}

/// Conditions in the three forms that a route or an inhibition has them.
enum MatcherReader {
    static func read(_ section: YAMLSection, list: String, equal: String, pattern: String) -> [Matcher] {
        var matchers: [Matcher] = []
        for pair in section.pairs(equal) ?? [] {
            if let value = pair.value.isNull ? "" : section.reader.string(pair.value, pair.key) {
                matchers.append(Matcher(pair.key, equals: value))
            }
        }
        for pair in section.pairs(pattern) ?? [] {
            guard !pair.value.isNull, let value = section.reader.string(pair.value, pair.key) else {
                section.reader.refuse(
                    pair.value, "invalid regexp value for \(Quoted.text(pair.key))", "write a pattern")
                continue
            }
            add(pair.value, section, &matchers) { () throws(MatcherText.Failure) in
                do throws(RegularExpressionError) {
                    return [try Matcher(pair.key, .matches, value)]
                } catch {
                    throw MatcherText.Failure(description: "\(error)")
                }
            }
        }
        for node in section.list(list) ?? [] {
            guard let text = section.reader.string(node, "an entry of \(list)") else { continue }
            add(node, section, &matchers) { () throws(MatcherText.Failure) in try MatcherText.matchers(text) }
        }
        return matchers
    }

    private static func add(
        _ node: YAMLNode, _ section: YAMLSection, _ matchers: inout [Matcher],
        _ parse: () throws(MatcherText.Failure) -> [Matcher]
    ) {
        do throws(MatcherText.Failure) {
            matchers += try parse()
        } catch {
            section.reader.refuse(node, "\(error)", "write it as name=\"value\" or name=~\"pattern\"")
        }
    }
}

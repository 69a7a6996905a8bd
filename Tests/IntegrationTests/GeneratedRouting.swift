import Encoding
import TestSupport

/// A configuration of Alertmanager with a tree of routes for each of many sets of alerts, and the alerts: what one set
/// does is no matter of another, so that many are tried at once.
struct GeneratedRouting {
    struct GeneratedAlert {
        var labels: [String: String]
        var annotations: [String: String]
    }

    struct AlertSet {
        let number: Int
        /// Posted at first, and a while later.
        var first: [GeneratedAlert]
        var second: [GeneratedAlert]
        /// Which of them end first, by their places in both lists one after the other.
        var ending: Set<Int>
        /// Conditions of a silence.
        var silence: [(name: String, value: String)]?
        var yaml: String
    }

    private static let names = ["a", "b", "instance", "job", "severity"]
    private static let receiversCount = 4

    var sets: [AlertSet] = []
    private let inhibition: String

    init(_ numbers: Range<Int>, using random: inout SeededGenerator) {
        inhibition = Self.inhibitRules(&random)
        for number in numbers { sets.append(Self.set(number, &random)) }
    }

    /// - Parameter url: of the sink; receivers are paths of it.
    func yaml(_ url: String) -> String {
        let receivers = (0..<Self.receiversCount).map { number in
            let more = ["", ", send_resolved: false", ", max_alerts: 2", ""][number]
            return "- {name: 'r\(number)', webhook_configs: [{url: '\(url)/r\(number)'\(more)}]}"
        }
        return """
            route:
              receiver: r0
              group_by: [set]
              group_wait: 200ms
              group_interval: 1s
              repeat_interval: 5s
              routes:
            \(sets.map(\.yaml).joined(separator: "\n"))
            inhibit_rules:
            \(inhibition)
            time_intervals:
            - {name: always, time_intervals: [{years: ['2000:2999']}]}
            - {name: never, time_intervals: [{years: ['1990'], months: [january]}]}
            receivers:
            \(receivers.joined(separator: "\n"))

            """
    }

    private static func value(_ random: inout SeededGenerator) -> String { "\(Int.random(in: 0...2, using: &random))" }

    /// What inhibits is of the same set as what is inhibited.
    private static func inhibitRules(_ random: inout SeededGenerator) -> String {
        (0..<6).map { _ in
            let equal = Bool.random(using: &random) ? "[set]" : "[set, a]"
            return "- {source_matchers: ['\(matcher(&random))', 'role=\"source\"'], "
                + "target_matchers: ['\(matcher(&random))'], equal: \(equal)}"
        }.joined(separator: "\n")
    }

    private static func matcher(_ random: inout SeededGenerator) -> String {
        let name = names.randomElement(using: &random)!
        let (one, other) = (value(&random), value(&random))
        return [
            "\(name)=\"\(one)\"", "\(name)!=\"\(one)\"", "\(name)=~\"\(one)|\(other)\"", "\(name)!~\"\(one)|\(other)\"",
            "\(name)=\"\"", "\(name)=~\"[\(one)]?\"", "alertname=~\"Alert[\(one)\(other)]\"",
        ].randomElement(using: &random)!
    }

    private static func set(_ number: Int, _ random: inout SeededGenerator) -> AlertSet {
        var seen: Set<[String: String]> = []
        func alert() -> GeneratedAlert {
            while true {
                var labels = ["set": "\(number)", "alertname": "Alert\(value(&random))"]
                for name in names where Int.random(in: 0..<3, using: &random) > 0 { labels[name] = value(&random) }
                if Int.random(in: 0..<4, using: &random) == 0 { labels["role"] = "source" }
                guard seen.insert(labels).inserted else { continue }
                return GeneratedAlert(
                    labels: labels,
                    annotations: ["summary": "s\(value(&random))", "job": "<j> & \"q\" \(value(&random))"])
            }
        }
        let first = (0..<Int.random(in: 1...9, using: &random)).map { _ in alert() }
        let second = (0..<Int.random(in: 0...3, using: &random)).map { _ in alert() }
        let count = first.count + second.count
        let ending = Set((0..<count).filter { _ in Int.random(in: 0..<3, using: &random) == 0 })
        let isSilenced = Int.random(in: 0..<5, using: &random) == 0
        let silence = isSilenced ? [(name: "set", value: "\(number)"), ("a", value(&random))] : nil
        var routes = 0
        let yaml = route("set=\"\(number)\"", depth: 0, &routes, &random)
        return AlertSet(
            number: number, first: first, second: second, ending: ending, silence: silence, yaml: yaml)
    }

    /// Each node has a condition of its own that always holds, so that no two groups have one key.
    private static func route(
        _ matcher: String, depth: Int, _ routes: inout Int, _ random: inout SeededGenerator
    ) -> String {
        routes += 1
        let indent = String(repeating: "  ", count: depth + 1)
        var lines = ["\(indent)- matchers: ['\(matcher)', 'node!=\"\(routes)\"']"]
        func add(_ line: String) { lines.append("\(indent)  \(line)") }
        if Bool.random(using: &random) { add("receiver: r\(Int.random(in: 0..<receiversCount, using: &random))") }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: add("group_by: ['...']")
        case 1: add("group_by: [\(names.filter { _ in Bool.random(using: &random) }.joined(separator: ", "))]")
        case 2: add("group_by: [alertname]")
        default: break
        }
        if depth > 0 {
            if Bool.random(using: &random) { add("continue: true") }
            if Int.random(in: 0..<8, using: &random) == 0 { add("mute_time_intervals: [never, always]") }
            if Int.random(in: 0..<8, using: &random) == 0 {
                add("active_time_intervals: [\(Bool.random(using: &random) ? "always" : "never")]")
            }
        }
        let children = depth < 3 ? Int.random(in: 0...3 - depth, using: &random) : 0
        if children > 0 { add("routes:") }
        for _ in 0..<children {
            let below = route(self.matcher(&random), depth: depth + 1, &routes, &random)
            lines += below.split(separator: "\n").map { "  " + $0 }
        }
        return lines.joined(separator: "\n")
    }
}

extension GeneratedRouting {
    /// As `POST /api/v2/alerts` takes them.
    static func json(_ alerts: [GeneratedAlert], startsAt: String, endsAt: String) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginArray()
        for alert in alerts {
            writer.beginObject()
            for (name, texts) in [("labels", alert.labels), ("annotations", alert.annotations)] {
                writer.name(name)
                writer.beginObject()
                for (name, text) in texts { writer.member(name, text) }
                writer.endObject()
            }
            writer.member("startsAt", startsAt)
            writer.member("endsAt", endsAt)
            writer.member("generatorURL", "http://g/\(alert.labels["alertname"] ?? "")")
            writer.endObject()
        }
        writer.endArray()
        return writer.bytes
    }
}

import Encoding
import Foundation
import HTTP
import Posix
import Telemetry
import TestSupport
import Testing

/// Generated routes and alerts, the same for obs and for Debian's Alertmanager: who is told what at webhooks, and what
/// both show of the groups. OBS_ALERT_SETS says how many sets; a proof tries 1,000.
@Suite struct RoutingDifferentialTests {
    private static let count =
        ProcessInfo.processInfo.environment["OBS_ALERT_SETS"].flatMap { Int($0) } ?? 40
    private static let setsAtOnce = 100
    private static let externalURL = "http://alerts.example"

    @Test func receiversAreToldWhatAlertmanagerTellsThem() throws {
        guard Peer.exists("prometheus-alertmanager") else {
            print("prometheus-alertmanager is not installed: routing is not compared")
            #expect(ProcessInfo.processInfo.environment["OBS_CI"] == nil, "the package is part of CI")
            return
        }
        var random = SeededGenerator.announced()
        for start in stride(from: 0, to: Self.count, by: Self.setsAtOnce) {
            var routing = GeneratedRouting(start..<min(start + Self.setsAtOnce, Self.count), using: &random)
            var differences: [Int: String] = [:]
            // Timers of two processes on a busy machine differ: a set that seems to differ is tried twice more, with
            // fewer others.
            for _ in 0..<3 {
                differences = try Self.differences(routing)
                routing.sets.removeAll { differences[$0.number] == nil }
                if routing.sets.isEmpty { break }
            }
            for set in routing.sets {
                Issue.record("set \(set.number):\n\(set.yaml)\n\(differences[set.number] ?? "")")
            }
        }
    }

    /// What is not alike, by the numbers of the sets.
    private static func differences(_ routing: GeneratedRouting) throws -> [Int: String] {
        let sink = try WebhookSink()
        let folder = try TemporaryFolder()
        let manager = try RunningAlertmanager(
            folder: folder.path, configuration: routing.yaml(sink.url + "/am"), externalURL: externalURL)
        let inner = routing.yaml(sink.url + "/obs").split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        let configuration = try folder.write("alertmanager:\n\(inner)\n", to: "obs.yaml")
        let obs = try RunningObs(
            "--config", configuration, "--external-url", externalURL, data: folder.path + "/data")
        _ = try manager.alerts { $0 == "[]\n" || $0 == "[]" }
        var comparison = RoutingComparison(sink: sink, sides: ["am": manager.address, "obs": obs.address])
        let found = Result { try comparison.run(routing) }
        comparison.stop()
        return try found.get()
    }
}

/// One run of both sides.
private struct RoutingComparison {
    /// So long without anything new means that nothing new comes: intervals of groups are a second.
    private static let quietSeconds = 2.5

    let sink: WebhookSink
    /// Addresses, by the first part of the paths of the sink.
    let sides: [String: String]
    private let client = HTTPClient("test", registry: Registry())
    /// How many of what came were looked at, and what they said.
    private var seen = 0
    private var told: Set<String> = []
    private var quietSince = Date.now

    init(sink: WebhookSink, sides: [String: String]) { (self.sink, self.sides) = (sink, sides) }

    func stop() { client.stop() }

    mutating func run(_ routing: GeneratedRouting) throws -> [Int: String] {
        let (now, hour) = (moment(0), moment(3600))
        for set in routing.sets {
            guard let silence = set.silence else { continue }
            let matchers = silence.map {
                "{\"name\":\"\($0.name)\",\"value\":\"\($0.value)\",\"isRegex\":false,\"isEqual\":true}"
            }
            let times = "\"startsAt\":\"\(now)\",\"endsAt\":\"\(hour)\",\"createdBy\":\"t\",\"comment\":\"c\""
            try post("/api/v2/silences", Array("{\"matchers\":[\(matchers.joined(separator: ","))],\(times)}".utf8))
        }
        var found: [Int: String] = [:]
        func compare(_ phase: String, from start: Int, _ view: (ArraySlice<WebhookSink.Got>) -> [String: String]) {
            let got = sink.all[start...]
            let (ours, theirs) = (
                view(got.filter { $0.path.hasPrefix("/obs/") }[...]),
                view(got.filter { $0.path.hasPrefix("/am/") }[...])
            )
            for key in Set(ours.keys).union(theirs.keys) where ours[key] != theirs[key] {
                let number = key.firstMatch(of: /set="(\d+)"/).flatMap { Int($0.1) } ?? -1
                found[number, default: ""] +=
                    "\(phase), \(key):\n  obs: \(ours[key] ?? "nothing")\n  Alertmanager: \(theirs[key] ?? "nothing")\n"
            }
        }
        for (phase, alerts) in [("first", routing.sets.flatMap(\.first)), ("more", routing.sets.flatMap(\.second))] {
            try post("/api/v2/alerts", GeneratedRouting.json(alerts, startsAt: now, endsAt: hour))
            quietSince = .now
            settle()
            compare(phase, from: 0, Self.last)
            if phase == "first" { try compareGroups(&found) }
        }
        // What is repeated is repeated to the same receivers.
        let start = sink.all.count
        let before = Set(Self.last(sink.all[...]).filter { $0.value.contains("\"status\":\"firing\"") }.keys)
        let deadline = Date(timeIntervalSinceNow: 15)
        var repeated: Set<String> = []
        var looked = start
        let wanted = Set(before.flatMap { ["obs" + $0, "am" + $0] })
        while !wanted.isSubset(of: repeated), Date.now < deadline {
            for got in sink.all[looked...] {
                repeated.insert(Self.side(got) + Self.key(got))
                looked += 1
            }
            let count = looked
            _ = sink.wait(atMostSeconds: 1) { $0.count > count }
        }
        compare("repeated", from: 0, Self.last)
        for isFirst in [true, false] {
            let start = sink.all.count
            let ending = routing.sets.flatMap { set in
                (set.first + set.second).enumerated().filter { set.ending.contains($0.offset) == isFirst }.map(
                    \.element)
            }
            try post("/api/v2/alerts", GeneratedRouting.json(ending, startsAt: now, endsAt: moment(-1)))
            quietSince = .now
            settle()
            compare(isFirst ? "some over" : "all over", from: start, Self.ends)
            compare(isFirst ? "then" : "in the end", from: 0, Self.firing)
        }
        return found
    }

    private func moment(_ seconds: Double) -> String {
        Date(timeIntervalSinceNow: seconds).formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
    }

    private func post(_ path: String, _ body: [UInt8]) throws {
        for (side, address) in sides {
            var request = ClientRequest(.post, "http://\(address)\(path)")
            request.fields = [("Content-Type", "application/json")]
            request.body = body
            let response = try client.answer(to: request)
            try #require(
                response.status.rawValue == 200,
                "\(side): \(String(decoding: response.body.prefix(500), as: UTF8.self))")
        }
    }

    /// Waits until nobody is told anything new. Repetitions are nothing new.
    private mutating func settle() {
        while true {
            let looked = seen
            let isMore = sink.wait(atMostSeconds: Self.quietSeconds) { $0.count > looked }
            var hasNews = false
            for got in sink.all[seen...] {
                seen += 1
                if told.insert(Self.side(got) + Self.key(got) + Self.text(got)).inserted { hasNews = true }
            }
            if hasNews { quietSince = .now }
            if !isMore || quietSince.timeIntervalSinceNow < -Self.quietSeconds { return }
        }
    }

    private static func side(_ got: WebhookSink.Got) -> String { String(got.path.split(separator: "/")[0]) }

    /// The receiver and the group.
    private static func key(_ got: WebhookSink.Got) -> String {
        "\(got.path.split(separator: "/")[1]) \(got.message["groupKey"]?.text ?? "")"
    }

    /// All that Alertmanager 0.25 says, with sorted names.
    private static func text(_ got: WebhookSink.Got) -> String {
        let names = [
            "receiver", "status", "alerts", "groupLabels", "commonLabels", "commonAnnotations", "externalURL",
            "version", "groupKey", "truncatedAlerts",
        ]
        return names.map { "\"\($0)\":\(canonical(got.message[$0] ?? .null))" }.joined(separator: ",")
    }

    private static func canonical(_ value: JSONValue) -> String {
        if let members = value.members {
            return members.sorted { $0.name < $1.name }.map { "\($0.name)=\(canonical($0.value))" }.description
        }
        if let elements = value.elements { return elements.map(canonical).description }
        return value.text ?? "\(value)"
    }

    /// What each group was told last.
    private static func last(_ got: ArraySlice<WebhookSink.Got>) -> [String: String] {
        Dictionary(got.map { (key($0), text($0)) }) { $1 }
    }

    /// Ends come in one notification or in several: all that have ended. Who is told of two alerts at most misses some.
    private static func ends(_ got: ArraySlice<WebhookSink.Got>) -> [String: String] {
        var ended: [String: Set<String>] = [:]
        for one in got where !one.path.hasSuffix("/r2") {
            for alert in one.message["alerts"]?.elements ?? [] where alert["status"]?.text == "resolved" {
                ended[key(one), default: []].insert(
                    ["labels", "startsAt", "endsAt"].map { canonical(alert[$0] ?? .null) }.joined(separator: " "))
            }
        }
        return ended.mapValues { "\($0.sorted())" }
    }

    /// What fires by the last that was heard, of receivers that hear of every end.
    private static func firing(_ got: ArraySlice<WebhookSink.Got>) -> [String: String] {
        var firing: [String: String] = [:]
        for one in got where one.path.hasSuffix("/r0") || one.path.hasSuffix("/r3") {
            let alerts = (one.message["alerts"]?.elements ?? []).filter { $0["status"]?.text == "firing" }
            let labels = alerts.map { canonical($0["labels"] ?? .null) }
            firing[key(one)] = "\(one.message["status"]?.text ?? "") \(labels)"
        }
        return firing
    }

    /// `/api/v2/alerts/groups` of both.
    private func compareGroups(_ found: inout [Int: String]) throws {
        var views: [String: [String: Set<String>]] = [:]
        for (side, address) in sides {
            let body = try client.answer(to: ClientRequest(.get, "http://\(address)/api/v2/alerts/groups")).body
            for group in try JSONValue.parse(body.span).elements ?? [] {
                let alerts = (group["alerts"]?.elements ?? []).map { alert in
                    let status = alert["status"] ?? .null
                    let isInhibited = status["inhibitedBy"]?.elements?.isEmpty == false
                    let isSilenced = status["silencedBy"]?.elements?.isEmpty == false
                    let receivers = Set((alert["receivers"]?.elements ?? []).compactMap { $0["name"]?.text }).sorted()
                    return "\(Self.canonical(alert["labels"] ?? .null)) \(alert["fingerprint"]?.text ?? "") "
                        + "inhibited \(isInhibited), silenced \(isSilenced), \(receivers)"
                }
                let number = alerts.first?.firstMatch(of: /set=(\d+)/).map { String($0.1) } ?? ""
                let key =
                    "\(number) \(group["receiver"]?["name"]?.text ?? "") \(Self.canonical(group["labels"] ?? .null))"
                views[side, default: [:]][key, default: []].formUnion(alerts)
            }
        }
        let (ours, theirs) = (views["obs"] ?? [:], views["am"] ?? [:])
        for key in Set(ours.keys).union(theirs.keys) where ours[key] != theirs[key] {
            let number = Int(key.split(separator: " ").first ?? "") ?? -1
            found[number, default: ""] +=
                "group \(key):\n  obs: \(ours[key, default: []].sorted())\n  Alertmanager: \(theirs[key, default: []].sorted())\n"
        }
    }
}

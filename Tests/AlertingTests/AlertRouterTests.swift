import Encoding
import HTTP
import Ledger
import Model
import Posix
import Telemetry
import TestSupport
import Testing

@testable import Alerting

/// A router with its ledger, and what it is configured with.
private func configuration(_ yaml: String) -> AlertmanagerConfiguration {
    let report = ConfigurationReport()
    let configuration = AlertmanagerConfiguration.read(Array(yaml.utf8).span, file: "a.yml", report)
    #expect(report.errors.isEmpty, "\(report.errors)")
    return configuration
}

private func started(_ folder: String, _ yaml: String) throws -> AlertRouter {
    let router = try AlertRouter(try AlertLedger(directory: folder), registry: Registry(), log: .silent)
    try router.apply(configuration(yaml), NotificationTemplates(), externalURL: "http://obs")
    return router
}

private func alert(_ labels: [String: String], lastsMs: Int64 = 600_000) -> Alert {
    let nowMs = SystemTime().wallMs
    return Alert(
        labels: Labels(labels.map { ($0.key, $0.value) }), annotations: ["summary": "it is \(labels["i"] ?? "")"],
        startsAtMs: nowMs, endsAtMs: nowMs + lastsMs, generatorURL: "http://obs/g", updatedAtMs: nowMs)
}

private func yaml(_ url: String, route: String = "", rest: String = "") -> String {
    """
    route: {receiver: hook, group_by: [alertname], group_wait: 100ms, group_interval: 300ms, repeat_interval: 1h\(route)}
    receivers: [{name: hook, webhook_configs: [{url: '\(url)/hook'}]}]
    \(rest)
    """
}

@Suite struct AlertRouterTests {
    @Test func aGroupIsToldOnceAndAgainWhenItChanges() throws {
        let folder = TemporaryDirectory()
        let standIn = try StandInReceiver()
        let router = try started(folder.path, yaml(standIn.url))
        try router.take([alert(["alertname": "Down", "i": "1"]), alert(["alertname": "Down", "i": "2"])])
        let first = standIn.wait(for: 1)[0].json
        #expect(first["version"]?.text == "4" && first["status"]?.text == "firing")
        #expect(first["groupKey"]?.text == "{}:{alertname=\"Down\"}" && first["receiver"]?.text == "hook")
        #expect(first["alerts"]?.elements?.map { $0["labels"]?["i"]?.text } == ["1", "2"])
        #expect(first["alerts"]?.elements?[0]["endsAt"]?.text == "0001-01-01T00:00:00Z")
        #expect(first["commonLabels"] == JSONValue.object([JSONMember(name: "alertname", value: .string("Down"))]))
        #expect(first["notification_reason"]?.text == "first notification")
        try router.take([alert(["alertname": "Down", "i": "3"])])
        #expect(standIn.wait(for: 2)[1].json["alerts"]?.elements?.count == 3)
        // All are over: told once, and then the group is gone.
        let ends = ["1", "2", "3"].map { alert(["alertname": "Down", "i": $0], lastsMs: 0) }
        try router.take(ends)
        let last = standIn.wait(for: 3)[2].json
        #expect(last["status"]?.text == "resolved" && last["alerts"]?.elements?.count == 3)
        router.stop()
        #expect(standIn.all.count == 3 && router.standings().isEmpty)
    }

    @Test func whatWasTakenAndToldSurvivesARestart() throws {
        let folder = TemporaryDirectory()
        let standIn = try StandInReceiver()
        let router = try started(folder.path, yaml(standIn.url))
        try router.take([alert(["alertname": "Down", "i": "1"])])
        _ = standIn.wait(for: 1)
        let silence = Silence(
            id: "", matchers: [try Matcher("i", .matches, "9.*")], startsAtMs: 0,
            endsAtMs: SystemTime().wallMs + 60_000,
            updatedAtMs: 0, createdBy: "anna", comment: "known")
        let id = try router.put(silence)
        router.stop()
        let again = try started(folder.path, yaml(standIn.url))
        #expect(again.standings().map { $0.alert.labels["i"] } == ["1"])
        #expect(again.silence(id)?.matchers == silence.matchers && again.silence(id)?.comment == "known")
        // The group is known as told: what comes next is its change.
        try again.take([alert(["alertname": "Down", "i": "2"])])
        let told = standIn.wait(for: 2)
        #expect(told[1].json["notification_reason"]?.text == "new alerts in group")
        #expect(told[1].json["alerts"]?.elements?.count == 2)
        again.stop()
    }

    @Test func passingFailuresAreTriedAgainAndOthersAreKept() throws {
        let folder = TemporaryDirectory()
        let standIn = try StandInReceiver()
        standIn.answers.withLock {
            $0 = [
                .init(status: .serviceUnavailable), .init(status: .tooManyRequests, retryAfter: "1"),
                .init(status: .badRequest, body: "no"),
            ]
        }
        let router = try started(folder.path, yaml(standIn.url))
        try router.take([alert(["alertname": "Down", "i": "1"])])
        // Refused for good once, and told with the next interval.
        #expect(standIn.wait(for: 1).count == 1)
        router.stop()
        let letters = try router.deadLetters()
        #expect(letters.count == 1 && letters[0].error.contains("400") && letters[0].deliveredMs != nil, "\(letters)")
        let kinds = try router.events(fromMs: 0, toMs: .max, matching: [], limit: 10).map(\.kind)
        #expect(kinds == [.failed, .notified])
    }

    @Test func aReceiverThatWantsNoResolvedAlertsHearsNothingOfTheEnd() throws {
        let folder = TemporaryDirectory()
        let standIn = try StandInReceiver()
        let quiet = """
            route: {receiver: hook, group_by: [alertname], group_wait: 50ms, group_interval: 200ms, repeat_interval: 1h}
            receivers:
            - name: hook
              webhook_configs:
              - {url: '\(standIn.url)/quiet', send_resolved: false}
              - {url: '\(standIn.url)/all'}
            """
        let router = try started(folder.path, quiet)
        try router.take([alert(["alertname": "Down", "i": "1"])])
        _ = standIn.wait(for: 2)
        try router.take([alert(["alertname": "Down", "i": "1"], lastsMs: 0)])
        _ = standIn.wait(for: 3)
        _ = router.state.wait(atMostNs: 20_000_000_000) { $0.groups.isEmpty ? () : nil }
        // It fires again, which is news to both: the log knows that it had ended.
        try router.take([alert(["alertname": "Down", "i": "1"])])
        let told = standIn.wait(for: 5)
        router.stop()
        let statuses = Dictionary(grouping: told, by: \.path).mapValues { $0.map { $0.json["status"]?.text } }
        #expect(statuses == ["/quiet": ["firing", "firing"], "/all": ["firing", "resolved", "firing"]])
    }

    @Test func silencedInhibitedAndMutedAlertsAreNotTold() throws {
        let folder = TemporaryDirectory()
        let standIn = try StandInReceiver()
        let rest = """
            inhibit_rules:
            - {source_matchers: [severity=page], target_matchers: [severity=warn], equal: [i]}
            time_intervals: [{name: always, time_intervals: [{years: ['2000:9999']}]}]
            """
        let router = try started(
            folder.path,
            yaml(
                standIn.url,
                route:
                    ", routes: [{matchers: [team=night], mute_time_intervals: [always]}, {matchers: [team=day], active_time_intervals: [always]}]",
                rest: rest))
        _ = try router.put(
            Silence(
                id: "", matchers: [Matcher("i", equals: "s")], startsAtMs: 0, endsAtMs: SystemTime().wallMs + 60_000,
                updatedAtMs: 0, createdBy: "anna", comment: ""))
        try router.take([
            alert(["alertname": "Silenced", "i": "s"]), alert(["alertname": "Muted", "i": "m", "team": "night"]),
            alert(["alertname": "Root", "i": "1", "severity": "page"]),
            alert(["alertname": "Leaf", "i": "1", "severity": "warn"]),
            alert(["alertname": "Other", "i": "2", "severity": "warn"]),
            alert(["alertname": "Active", "i": "3", "team": "day"]),
        ])
        let told = Set(standIn.wait(for: 3).compactMap { $0.json["groupLabels"]?["alertname"]?.text })
        #expect(told == ["Root", "Other", "Active"])
        let standings = Dictionary(uniqueKeysWithValues: router.standings().map { ($0.alert.name, $0) })
        #expect(standings["Silenced"]?.silencedBy.count == 1 && standings["Leaf"]?.inhibitedBy.count == 1)
        #expect(standings["Muted"]?.mutedBy == ["always"] && standings["Other"]?.isSuppressed == false)
        router.stop()
        #expect(standIn.all.count == 3)
    }

    @Test func whoAcknowledgesIsNotToldAgainUntilAnotherAlertJoins() throws {
        let folder = TemporaryDirectory()
        let standIn = try StandInReceiver()
        let router = try started(
            folder.path, yaml(standIn.url).replacingRepeat("400ms"))
        try router.take([alert(["alertname": "Down", "i": "1"])])
        _ = standIn.wait(for: 2)
        #expect(try router.acknowledge([Matcher("alertname", equals: "Down")], by: "anna", note: "on it").count == 1)
        #expect(router.standings()[0].acknowledgement?.by == "anna")
        let before = standIn.all.count
        try router.take([alert(["alertname": "Down", "i": "2"])])
        let told = standIn.wait(for: before + 2)
        // What was under way when it was acknowledged may still come; the next is the one that has joined.
        #expect(told.suffix(from: before).contains { $0.json["notification_reason"]?.text == "new alerts in group" })
        router.stop()
        let kinds = try router.events(fromMs: 0, toMs: .max, matching: [], limit: 100).map(\.kind)
        #expect(kinds.contains(.acknowledged))
    }

    @Test func aConfigurationThatIsReplacedKeepsWhatWasTold() throws {
        let folder = TemporaryDirectory()
        let standIn = try StandInReceiver()
        let router = try started(folder.path, yaml(standIn.url))
        try router.take([alert(["alertname": "Down", "i": "1"])])
        _ = standIn.wait(for: 1)
        try router.apply(configuration(yaml(standIn.url)), NotificationTemplates(), externalURL: "http://obs")
        try router.take([alert(["alertname": "Up", "i": "1"])])
        let told = standIn.wait(for: 2)
        #expect(told.compactMap { $0.json["groupLabels"]?["alertname"]?.text } == ["Down", "Up"])
        router.stop()
    }

    @Test func aTestOfAReceiverGoesTheRealWay() throws {
        let folder = TemporaryDirectory()
        let standIn = try StandInReceiver()
        let router = try started(folder.path, yaml(standIn.url))
        #expect(router.test(receiver: "nobody", by: "anna") == nil)
        let results = try #require(router.test(receiver: "hook", by: "anna"))
        #expect(results.map(\.name) == ["hook/webhook/0"] && results[0].failure == nil)
        #expect(standIn.all[0].text.contains("[TEST] This is a test of the receiver hook"))
        standIn.answers.withLock { $0 = [.init(status: .forbidden, body: "bad token")] }
        #expect(router.test(receiver: "hook", by: "anna")?[0].failure?.contains("bad token") == true)
        router.stop()
    }
}

extension String {
    fileprivate func replacingRepeat(_ length: String) -> String {
        split(separator: "repeat_interval: 1h", maxSplits: 1).joined(separator: "repeat_interval: \(length)")
    }
}

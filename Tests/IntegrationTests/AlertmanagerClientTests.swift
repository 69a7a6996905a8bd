import Foundation
import Testing

/// Debian's amtool and the commands of obs against one running collector.
@Suite struct AlertmanagerClientTests {
    /// A collector with two receivers at a sink, whose groups wait for nothing.
    private final class Site {
        let sink: WebhookSink
        let obs: RunningObs
        private let folder: TemporaryFolder

        /// - Parameter labels: of the receiver `team`, which older tools do not know.
        init(rules: String = "groups: []", labels: String = "") throws {
            sink = try WebhookSink()
            folder = try TemporaryFolder()
            _ = try folder.write(rules, to: "rules.yml")
            let path = try folder.write(
                """
                global: {evaluation_interval: 200ms}
                rule_files: [rules.yml]
                alertmanager:
                  route:
                    receiver: team
                    group_by: [alertname]
                    group_wait: 0s
                    group_interval: 1s
                    repeat_interval: 12h
                    routes: [{receiver: night, matchers: [team=night]}]
                  receivers:
                  - {name: team, \(labels)webhook_configs: [{url: '\(sink.url)/team'}]}
                  - {name: night, webhook_configs: [{url: '\(sink.url)/night'}]}

                """, to: "obs.yaml")
            obs = try RunningObs("--config", path, data: folder.path + "/data")
        }

        var url: String { "http://\(obs.address)" }

        func amtool(_ arguments: String...) throws -> Finished {
            try Obs.shell("bash", "exec amtool --alertmanager.url='\(url)' \(arguments.joined(separator: " "))")
        }

        func run(_ arguments: String...) throws -> Finished {
            try Obs.run(arguments + ["--server", url], environment: ["USER": "anna", "NO_COLOR": "1"])
        }
    }

    private static func hasAmtool() -> Bool {
        if (try? Obs.shell("bash", "amtool --version"))?.code == 0 { return true }  // a missing program is the answer
        print("amtool is not installed: the API is not tried with it")
        #expect(ProcessInfo.processInfo.environment["OBS_CI"] == nil, "the package is part of CI")
        return false
    }

    @Test func amtoolAddsAsksSilencesAndLooksAtTheConfiguration() throws {
        guard Self.hasAmtool() else { return }
        let site = try Site()
        let added = try site.amtool("alert add alertname=Down team=night node=a --annotation=summary='it is down'")
        #expect(added.code == 0, "\(added)")
        let shown = try PrometheusAnswer.wait("the alert") {
            let shown = try site.amtool("alert query -o json team=night")
            return shown.output.contains("it is down") ? shown.output : nil
        }
        #expect(shown.contains("\"name\":\"night\"") && shown.contains("\"state\":\"active\""), "\(shown)")
        #expect(try site.amtool("alert query -o simple 'node=~b.*'").output.contains("Down") == false)
        let silenced = try site.amtool("silence add node=a -c 'known' -a bert -d 1h")
        #expect(silenced.code == 0, "\(silenced)")
        let id = silenced.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(try site.amtool("silence query").output.contains(id.prefix(8)))
        #expect(try site.amtool("alert query -o json --active team=night").output.contains("Down") == false)
        #expect(try site.amtool("alert query -o json --silenced team=night").output.contains(id))
        let longer = try site.amtool("silence update \(id) -d 3h -c 'still known' -o json")
        #expect(longer.code == 0 && longer.output.contains("still known"), "\(longer)")
        let ids = try site.amtool("silence query -q").output.split(separator: "\n").map(String.init)
        #expect(ids.count == 1)
        #expect(try site.amtool("silence expire \(ids.joined(separator: " "))").code == 0)
        #expect(try site.amtool("silence query -q").output.trimmingCharacters(in: .whitespacesAndNewlines) == "")
        #expect(try site.amtool("config show").output.contains("group_interval: 1s"))
        let route = try site.amtool("config routes test team=night --verify.receivers=night")
        #expect(route.code == 0 && route.output.contains("night"), "\(route)")
        #expect(try site.amtool("config routes test team=day --verify.receivers=night").code != 0)
        #expect(try site.amtool("cluster show").code == 0)
    }

    @Test func receiversAreFoundByTheirLabels() throws {
        let site = try Site(labels: "labels: {tier: one}, ")
        let all = try site.obs.get("/api/v2/receivers").body
        #expect(all.contains(#"{"name":"team","labels":{"name":"team","tier":"one"}}"#), "\(all)")
        let some = try site.obs.get("/api/v2/receivers?receiver_matchers=tier%3Done").body
        #expect(some.contains("team") && !some.contains("night"), "\(some)")
        #expect(try site.obs.get("/api/v2/alerts?receiver_matchers=tier%3Dtwo").body == "[]")
        #expect(try site.obs.get("/api/v2/alerts?receiver_matchers=tier").status == 400)
        let others = try site.obs.get("/api/v1/alertmanagers").body
        #expect(others == #"{"status":"success","data":{"activeAlertmanagers":[],"droppedAlertmanagers":[]}}"#)
    }

    @Test func whatAPersonOnCallDoesWithTheCommands() throws {
        let site = try Site(
            rules:
                "groups: [{name: g, rules: [{alert: Down, expr: vector(7), labels: {node: a}, annotations: {summary: 'it is {{ $value }}'}}]}]"
        )
        let listed = try PrometheusAnswer.wait("the alert") {
            let listed = try site.run("alerts", "list")
            return listed.output.contains("it is 7") ? listed : nil
        }
        #expect(listed.code == 1 && listed.output.contains("firing") && listed.output.contains("team"), "\(listed)")
        #expect(site.sink.wait(atMostSeconds: 120) { !$0.isEmpty })
        #expect(try site.run("alerts", "list", "node=b").code == 0)

        let preview = try site.run("silence", "preview", "node=a")
        #expect(preview.code == 0 && preview.output.contains("1 of 1 alerts that fired"), "\(preview)")
        let added = try site.run("silence", "add", "--for", "2h", "-c", "new disk", "node=a")
        #expect(added.code == 0, "\(added)")
        let id = added.output.trimmingCharacters(in: .whitespacesAndNewlines)
        let silences = try site.run("silence", "list")
        #expect(
            silences.output.contains(id) && silences.output.contains("anna") && silences.output.contains("new disk"))
        #expect(try site.run("alerts", "list", "--active").code == 0)
        #expect(try site.run("alerts", "list").output.contains("silenced"))
        #expect(try site.run("silence", "expire", id).code == 0)
        #expect(try site.run("silence", "list").output.contains(id) == false)
        #expect(try site.run("silence", "list", "--expired").output.contains(id))

        let acknowledged = try site.run("ack", "-n", "on it", "alertname=Down")
        #expect(acknowledged.code == 0 && acknowledged.output.contains("{}:{alertname=\"Down\"}"), "\(acknowledged)")
        #expect(try site.run("alerts", "list").output.contains("in hand: anna"))
        #expect(try site.run("ack", "alertname=Nothing").code == 1)

        let told = try site.run("notify", "test", "night")
        #expect(told.code == 0 && told.output.contains("night/webhook/0: taken"), "\(told)")
        #expect(site.sink.all.contains { $0.path == "/night" })
        #expect(try site.run("notify", "test", "nobody").code == 1)

        let story = try site.run("alerts", "history", "alertname=Down", "-o", "json").output
        for kind in ["pending", "firing", "notified", "acknowledged"] {
            #expect(story.contains("\"kind\":\"\(kind)\""), "\(kind) is not in \(story)")
        }
        #expect(try site.run("silence", "add", "node=~a|").code == 1)
    }

    @Test func aConfigurationIsCheckedAndARouteTriedWithoutAServer() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(
            """
            route:
              receiver: team
              routes: [{receiver: night, matchers: [team=night], mute_time_intervals: [always]}]
            time_intervals: [{name: always, time_intervals: [{years: ['2000:2999']}]}]
            receivers: [{name: team}, {name: night}]

            """, to: "am.yml")
        #expect(try Obs.run("check", "alertmanager", path).code == 0)
        let tried = try Obs.run("test", "route", "-c", path, "team=night", "alertname=Down")
        #expect(tried.output.hasPrefix("night: ") && tried.output.contains("muted now by always"), "\(tried)")
        let broken = try folder.write("route: {receiver: nobody}\nreceivers: [{name: team}]\n", to: "broken.yml")
        let refused = try Obs.run("check", "alertmanager", broken)
        #expect(refused.code == 1 && refused.output.contains("broken.yml:1:19: undefined receiver"), "\(refused)")
    }
}

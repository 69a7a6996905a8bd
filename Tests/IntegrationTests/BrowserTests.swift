import Foundation
import TestSupport
import Testing

/// The pages in a real browser: the scripts of Tests/Browser, each with a server of its own that holds an hour of metrics
/// and logs, dashboards, rules of which one fires, and a target that is down.
@Suite(.serialized) struct BrowserTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let scripts = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Browser").path

    private static let isPossible = Peer.exists(pythonModule: "playwright") && Peer.exists("chromium")

    @Test(
        .enabled(if: isPossible, "scripts/test installs playwright and chromium"),
        arguments: [
            "overview", "metrics", "logs", "alerts", "operations", "dashboards", "editing", "hostile", "phone",
            "values",
        ])
    func thePagesDoWhatAPersonAsks(of script: String) throws {
        let dashboards = try python("forms", folder.path + "/dashboards")
        #expect(dashboards.status == 0, "\(dashboards.output)")
        _ = try folder.write(Self.rules, to: "rules.yml")
        let configuration = try folder.write(Self.configuration, to: "obs.yaml")
        let server = try RunningObs("--config", configuration, data: folder.path + "/data")
        let seeded = try python("seed", "http://\(server.address)")
        #expect(seeded.status == 0, "\(seeded.output)")
        _ = try PrometheusAnswer.wait("an alert of a target that is down") {
            try server.get("/api/v2/alerts").body.contains("TargetDown") ? true : nil
        }
        let answer = try python(script, "http://\(server.address)")
        #expect(answer.status == 0, "\(answer.output)")
    }

    /// With accounts: a person who may operate and one who may only read, both with the password `right`.
    @Test(.enabled(if: isPossible, "scripts/test installs playwright and chromium"))
    func peopleLogInAndDoWhatTheirRoleAllows() throws {
        let hash = try Peer(["perl", "-e", "print crypt('right', '$2b$04$abcdefghijklmnopqrstuu')"]).run(input: [])
            .output
        let configuration = try folder.write(
            """
            auth:
              users:
                - {name: anna, password_hash: "\(hash)", role: operate}
                - {name: rene, password_hash: "\(hash)", role: read}
            alertmanager: {route: {receiver: nobody}, receivers: [{name: nobody}]}
            """, to: "obs.yaml")
        let server = try RunningObs("--config", configuration, data: folder.path + "/data")
        let answer = try python("login", "http://\(server.address)")
        #expect(answer.status == 0, "\(answer.output)")
    }

    /// Seconds on a quiet machine; a browser shares the processors with every other test.
    private static let patienceSeconds = 900

    private func python(_ script: String, _ argument: String) throws -> Peer.Answer {
        try Peer([RunningProgram.interpreter, "\(Self.scripts)/\(script).py", argument])
            .run(input: [], atMostSeconds: Self.patienceSeconds)
    }

    private static let configuration = """
        global: {scrape_interval: 1s, evaluation_interval: 1s}
        scrape_configs:
          - job_name: gone
            static_configs: [{targets: ["127.0.0.1:9"], labels: {env: prod}}]
            relabel_configs: [{source_labels: [env], target_label: stage}]
        rule_files: [rules.yml]
        alertmanager: {route: {receiver: nobody}, receivers: [{name: nobody}]}
        dashboards: {folders: [dashboards]}
        """

    private static let rules = """
        groups:
          - name: base
            rules:
              - {record: "job:up:sum", expr: sum by (job) (up)}
              - alert: TargetDown
                expr: up == 0
                labels: {severity: critical}
                annotations: {summary: "{{ $labels.instance }} is down", runbook_url: "https://example.com/run"}
              - alert: HotHost
                expr: last_over_time(shop_temperature_celsius[1h]) > 28
                labels: {severity: warning}
                annotations: {summary: "<img src=x onerror=alert(1)>", runbook_url: "javascript:alert(2)"}
              - alert: Never
                expr: vector(1) > 2
        """
}

import Foundation
import Testing

/// Rules of a running server, and the alerts that they send to Debian's Alertmanager.
@Suite struct RuleTests {
    private static func write(_ folder: TemporaryFolder, alertmanager: String, rules: String) throws -> String {
        try rules.write(toFile: folder.path + "/rules.yml", atomically: true, encoding: .utf8)
        let path = folder.path + "/obs.yaml"
        try """
        global: {evaluation_interval: 200ms, external_labels: {cluster: eu}}
        rule_files: ['rules.yml']
        alerting: {alertmanagers: [{static_configs: [{targets: ['\(alertmanager)']}]}]}
        """.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private static func rules(_ threshold: Int) -> String {
        """
        groups:
        - name: g
          rules:
          - {record: answer, expr: vector(42)}
          - {alert: TooMuch, expr: answer > \(threshold), labels: {severity: page}, annotations: {summary: 'it is {{ $value }}'}}
        """
    }

    private static func wait(_ what: String, until holds: () throws -> Bool) throws {
        let deadline = Date(timeIntervalSinceNow: RunningObs.patienceSeconds)
        while try !holds() {
            try #require(Date() < deadline, "\(what) did not happen")
            Thread.sleep(forTimeInterval: 0.05)
        }
    }

    @Test func anAlertReachesAlertmanagerAndEndsThereWhenItsRuleHasChanged() throws {
        let folder = try TemporaryFolder()
        let manager = try RunningAlertmanager(folder: folder.path)
        let configuration = try Self.write(folder, alertmanager: manager.address, rules: Self.rules(41))
        let obs = try RunningObs("--config", configuration, data: folder.path + "/data")
        let got = try manager.alerts { $0.contains("TooMuch") }
        for part in [#""cluster":"eu""#, #""severity":"page""#, #""summary":"it is 42""#, "answer+%3E+41"] {
            #expect(got.contains(part), "\(part) is not in \(got)")
        }
        let rules = try obs.get("/api/v1/rules?type=alert").body
        #expect(rules.contains(#""state":"firing","name":"TooMuch","query":"answer > 41""#), "\(rules)")
        #expect(try obs.get("/api/v1/alerts").body.contains(#""value":"4.2e+01""#))
        // The notification leaves before the series are written.
        try Self.wait("the series of the alert") {
            try obs.get("/api/v1/query?query=ALERTS").body.contains(#""alertstate":"firing""#)
        }
        // The group goes with its file; its series end at once.
        try "groups: []\n".write(toFile: folder.path + "/rules.yml", atomically: true, encoding: .utf8)
        #expect(try obs.post("/-/reload").status == 200)
        try Self.wait("the end of the series") { try !obs.get("/api/v1/query?query=ALERTS").body.contains("firing") }
        #expect(try obs.get("/api/v1/rules").body.contains(#""groups":[]"#))
    }

    @Test func aBrokenRuleFileLeavesTheOldRulesInForce() throws {
        let folder = try TemporaryFolder()
        let configuration = try Self.write(folder, alertmanager: "127.0.0.1:9", rules: Self.rules(41))
        let obs = try RunningObs("--config", configuration, data: folder.path + "/data")
        try "groups: [{name: g, rules: [{record: a, expr: 'sum('}]}]".write(
            toFile: folder.path + "/rules.yml", atomically: true, encoding: .utf8)
        let answer = try obs.post("/-/reload")
        #expect(
            answer.status != 200
                && answer.body.contains("rules.yml:1:46: group \"g\", rule 1, \"a\": could not parse expression"),
            "\(answer.body)")
        #expect(try obs.get("/api/v1/rules").body.contains("TooMuch"))
    }
}

import Encoding
import Foundation
import Posix
import Testing

@testable import obs

/// What lies under rules, dashboards and agents, read as the program reads it.
@Suite struct ShippedFileTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func paths(_ folder: String, _ suffix: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)) ?? []
        return names.filter { $0.hasSuffix(suffix) }.sorted().map { root.appending(path: "\(folder)/\($0)").path }
    }

    private static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    static let ruleFiles = paths("rules", ".yaml")
    static let dashboards = paths("dashboards", ".json")

    /// Their tests look over days, which takes a debug build minutes: `scripts/prove 11 4` runs them.
    private static let overDays: Set<String> = ["costs.yaml", "host.yaml", "slo.yaml"]

    @Test(arguments: ruleFiles) func rulesAreGoodAndTheirUnitTestsPass(_ path: String) throws {
        let recorded = RecordedConsole()
        #expect(Program.run(["obs", "check", "rules", path], recorded.console) == .ok, "\(recorded.output)")
        if Self.overDays.contains(URL(filePath: path).lastPathComponent) { return }
        let test = path.replacing("/rules/", with: "/rules/tests/")
        #expect(Program.run(["obs", "test", "rules", test], recorded.console) == .ok, "\(recorded.output)")
    }

    @Test(arguments: ruleFiles) func everyAlertHasATestARunbookAndItsTexts(_ path: String) throws {
        let rules = try Self.text(path)
        let tests = try Self.text(path.replacing("/rules/", with: "/rules/tests/"))
        let runbook = try Self.text(path.replacing("/rules/", with: "/rules/runbooks/").replacing(".yaml", with: ".md"))
        let alerts = rules.matches(of: /- alert: (\w+)/).map { String($0.1) }
        #expect(Set(alerts).count == alerts.count)
        for alert in alerts {
            #expect(tests.contains("name: \(alert) fires"), "\(alert) has no unit test")
            #expect(runbook.contains("\n## \(alert)\n"), "\(alert) has no runbook")
        }
        for word in ["summary:", "description:", "runbook_url:", "severity:"] {
            #expect(rules.components(separatedBy: word).count - 1 == alerts.count, "\(word)")
        }
    }

    @Test(arguments: [
        ("severity=critical", "pagerduty"), ("severity=warning", "slack"), ("severity=info", "slack"),
        ("alertname=DeadMansSwitch", "dead-mans-switch"),
    ])
    func alertsGoWhereTheirSeveritySays(labels: String, receiver: String) {
        let path = Self.root.appending(path: "rules/routing/alertmanager.yaml").path
        let recorded = RecordedConsole()
        let code = Program.run(["obs", "test", "route", "-c", path, labels], recorded.console)
        #expect(code == .ok, "\(recorded.output)")
        #expect(recorded.output.hasPrefix("\(receiver):"), "\(recorded.output)")
    }

    @Test(arguments: dashboards) func dashboardsAreGoodAndNothingOfThemIsUnknown(_ path: String) throws {
        let tree = try JSONValue.parse(Array(try Self.text(path).utf8).span)
        #expect(tree["uid"]?.text == "obs-" + URL(filePath: path).deletingPathExtension().lastPathComponent)
        let recorded = RecordedConsole()
        #expect(Program.run(["obs", "check", "dashboards", path], recorded.console) == .ok, "\(recorded.output)")
        #expect(!recorded.output.contains("notice"), "\(recorded.output)")
    }

    @Test func theFilesOfObsUpAreThoseThatShip() throws {
        let places = UpFiles.Places(
            collector: "http://127.0.0.1:1", agent: .loopback(port: 2), standIn: .loopback(port: 3), firstPort: 8_085,
            data: "/tmp/data")
        let agent = try Self.text(Self.root.appending(path: "agents/marketplace.yaml").path)
        for change in UpFiles.agentChanges(places) { #expect(agent.contains(change.shipped), "\(change.shipped)") }
        let routing = try Self.text(Self.root.appending(path: "rules/routing/alertmanager.yaml").path)
        for change in UpFiles.routingChanges(places) { #expect(routing.contains(change.shipped), "\(change.shipped)") }
    }
}

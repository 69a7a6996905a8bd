import Encoding
import Foundation
import Model
import Posix
import PromQL
import Telemetry
import TestSupport
import Testing

@testable import Rules

/// The rules of Prometheus' alert generator compliance, found by OBS_CONFORMANCE, with samples that cross their
/// thresholds: which states, when, and what is told. The samples are made after specification.md, each 15 seconds apart,
/// the groups are evaluated every 30.
@Suite struct AlertGeneratorTests {
    fileprivate static let stepMs: Int64 = 30_000

    private static func group(_ name: String) throws -> RuleGroup? {
        let environment = ProcessInfo.processInfo.environment
        guard let folder = environment["OBS_CONFORMANCE"] else {
            print("OBS_CONFORMANCE is not set: the rules of the alert generator are not evaluated")
            #expect(environment["OBS_CI"] == nil, "the rules are part of CI")
            return nil
        }
        let path = folder + "/alert-generator/rules.yaml"
        let report = ConfigurationReport()
        let groups = RuleFile.read(
            try [UInt8](Data(contentsOf: URL(filePath: path))).span, file: path, report)
        #expect(report.errors == [] && groups.reduce(0) { $0 + $1.rules.count } == 7)
        return groups.first { $0.name == name }
    }

    /// A group over series whose value at a time is known.
    private final class Bench {
        let store = MemoryMetricStore()
        let workers: Workers
        let evaluator: GroupEvaluator
        let told = Lock<[Alert]>([])

        init(_ group: RuleGroup) throws {
            workers = try Workers(helpers: 0)
            var environment = RuleEnvironment(engine: Engine(store: store, workers: workers), store: store)
            environment.context.externalURL = "http://obs"
            let told = told
            environment.notify = { new in told.withLock { $0 += new } }
            evaluator = GroupEvaluator(
                group, environment, RuleMetrics(Registry()), time: ManualTime(), isRestored: true)
        }

        deinit { workers.stop() }

        func write(_ labels: [(String, String)], _ value: Double, atMs: Int64) throws {
            var samples = RuleSamples()
            let all = [("__name__", "alert_generator_test_suite")] + labels
            samples.add(Labels(all.map { (name: $0.0, value: $0.1) }), .float(value), atMs: atMs)
            #expect(try samples.write(to: store) == [])
        }

        /// States of a rule's alerts at each evaluation, as letters: - none, p pending, F firing, r resolved.
        func states(
            of rule: Int, untilMs: Int64, _ value: (Int64) -> Double, _ labels: [(String, String)]
        ) throws -> String {
            var states = ""
            for atMs in stride(from: Int64(0), through: untilMs, by: 15_000) {
                try write(labels, value(atMs), atMs: atMs)
                guard atMs % AlertGeneratorTests.stepMs == 0 else { continue }
                evaluator.evaluate(atMs: atMs)
                switch evaluator.status.rules[rule].alerts.first?.state {
                case nil: states += "-"
                case .pending?: states += "p"
                case .firing?: states += "F"
                case .inactive?: states += "r"
                }
            }
            return states
        }
    }

    @Test func anAlertIsPendingForSixMinutesFiresAndIsResolved() throws {
        guard let group = try Self.group("PendingAndFiringAndResolved") else { return }
        let bench = try Bench(group)
        let labels = [
            ("alertname", "PendingAndFiringAndResolved_SimpleAlert"), ("rulegroup", "PendingAndFiringAndResolved"),
        ]
        // Above the threshold from 2:00 to 12:00.
        let states = try bench.states(of: 0, untilMs: 20 * 60_000, { 120_000..<720_000 ~= $0 ? 15 : 3 }, labels)
        #expect(
            states == "----" + String(repeating: "p", count: 12) + String(repeating: "F", count: 8)
                + String(repeating: "r", count: 17))
        let told = bench.told.withLock { $0 }
        // Fires at 8:00 and is told again when more than a minute has passed, ends at 12:00 and is told again for 15 minutes.
        #expect(told.filter { $0.updatedAtMs < 720_000 }.map(\.updatedAtMs) == [480_000, 570_000, 660_000])
        #expect(told.filter { $0.updatedAtMs >= 720_000 }.map(\.updatedAtMs).prefix(3) == [720_000, 810_000, 900_000])
        let first = try #require(told.first)
        #expect(first.startsAtMs == 480_000 && first.endsAtMs == 480_000 + 4 * 60_000)
        #expect(first.annotations == ["description": "SimpleAlert is firing", "summary": "The value is 15 15"])
        #expect(
            first.labels
                == Labels([
                    ("alertname", "PendingAndFiringAndResolved_SimpleAlert"), ("foo", "bar"),
                    ("rulegroup", "PendingAndFiringAndResolved"),
                ]))
    }

    @Test func anAlertThatIsNotLongEnoughActiveNeverFires() throws {
        guard let group = try Self.group("PendingAndResolved_AlwaysInactive") else { return }
        let bench = try Bench(group)
        let labels = [
            ("alertname", "PendingAndResolved_AlwaysInactive_PendingAlert"),
            ("rulegroup", "PendingAndResolved_AlwaysInactive"),
        ]
        // Above the threshold from 1:00 to 3:30, where three minutes are needed.
        let states = try bench.states(of: 0, untilMs: 6 * 60_000, { 60_000..<210_000 ~= $0 ? 12 : 3 }, labels)
        #expect(states == "--ppppp------")
        #expect(bench.told.withLock { $0.isEmpty } && bench.evaluator.status.rules[1].alerts.isEmpty)
    }

    @Test func withoutForAnAlertFiresAtOnceWithItsTemplates() throws {
        guard let group = try Self.group("ZeroFor_SmallFor") else { return }
        let bench = try Bench(group)
        for (id, value) in [("2", 1.0), ("1", 2), ("10", 3)] {
            try bench.write([("rulegroup", "ZeroFor_SmallFor"), ("for", "template"), ("id", id)], value, atMs: 60_000)
        }
        let labels = [("alertname", "ZeroFor_SmallFor_ZeroFor"), ("rulegroup", "ZeroFor_SmallFor")]
        let states = try bench.states(of: 0, untilMs: 3 * 60_000, { $0 == 60_000 ? 11 : 1 }, labels)
        #expect(states == "--Frrrr")
        let firing = try #require(bench.told.withLock { $0.first })
        #expect(firing.startsAtMs == 60_000)
        #expect(firing.annotations["template_query_test"] == "Args are: foo bar 99. first_id:1,1:2,10:3,2:1,")
        #expect(firing.annotations["template_test"] == "1.049M 1Mi 2m 15s 95.9% 2022-01-25 12:36:43 +0000 UTC")
        let small = [("alertname", "ZeroFor_SmallFor_SmallFor"), ("rulegroup", "ZeroFor_SmallFor")]
        let other = try Bench(group)
        let smallStates = try other.states(of: 1, untilMs: 3 * 60_000, { $0 >= 60_000 ? 14 : 1 }, small)
        #expect(smallStates == "--pFFFF")
        let text = other.told.withLock { $0.first?.annotations["template_test"] }
        #expect(text == "This Part IS TESTING the strings. ::1 127.0.0.1. 7815. replaced text. .")
    }

    @Test func aRuleSeesTheAlertsOfTheRuleBeforeItInTheSameEvaluation() throws {
        guard let group = try Self.group("NewAlerts_OrderCheck") else { return }
        let bench = try Bench(group)
        for atMs in stride(from: Int64(0), through: 5 * 60_000, by: 15_000) {
            for variant in ["one", "two"] {
                try bench.write(
                    [
                        ("alertname", "NewAlerts_OrderCheck_Rule1"), ("rulegroup", "NewAlerts_OrderCheck"),
                        ("variant", variant),
                    ], 11, atMs: atMs)
            }
            guard atMs % Self.stepMs == 0 else { continue }
            bench.evaluator.evaluate(atMs: atMs)
            let rules = bench.evaluator.status.rules
            #expect(rules[0].alerts.map(\.state) == (atMs < 180_000 ? [.pending, .pending] : [.firing, .firing]))
            #expect(rules[1].alerts.map(\.state) == (atMs < 180_000 ? [] : [.firing]))
        }
        let told = bench.told.withLock { $0.filter { $0.updatedAtMs == 180_000 } }
        #expect(
            told.map(\.name) == [
                "NewAlerts_OrderCheck_Rule1", "NewAlerts_OrderCheck_Rule1", "NewAlerts_OrderCheck_Rule2",
            ])
        #expect(
            told.last?.annotations["description"]
                == "Based on ALERTS. Old alertname was NewAlerts_OrderCheck_Rule1. foo was bar.")
    }
}

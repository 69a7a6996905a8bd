import Encoding
import Testing

@testable import Rules

@Suite struct RuleLevelsTests {
    private static func levels(_ rules: [String]) -> [[Int]] {
        let text = "groups:\n- name: g\n  rules:\n" + rules.map { "  - {\($0)}\n" }.joined()
        let report = ConfigurationReport()
        let groups = RuleFile.read(Array(text.utf8).span, file: "r.yml", report)
        #expect(report.errors == [])
        return RuleLevels.of(groups.first?.rules ?? [])
    }

    @Test func rulesThatHaveNothingToDoWithEachOtherAreOfOneLevel() {
        #expect(
            Self.levels(["record: a, expr: x", "record: b, expr: 'rate(y[5m])'", "alert: C, expr: x > 1"]) == [
                [0, 1, 2]
            ])
    }

    @Test func whatIsReadIsWrittenBefore() {
        #expect(
            Self.levels(["record: a, expr: x", "record: b, expr: a * 2", "record: c, expr: 'a + b'"]) == [
                [0], [1], [2],
            ])
    }

    @Test func whatIsReadFromTheEvaluationBeforeIsReadFirst() {
        #expect(Self.levels(["record: a, expr: b", "record: b, expr: x"]) == [[0], [1]])
    }

    @Test(arguments: [
        "'{__name__=~\"a.*\"}'", "'{job=\"x\"}'", "info(y)",
    ])
    func whoMayReadAnythingWaitsAndIsWaitedFor(expression: String) {
        let rules = ["record: a, expr: x", "record: b, expr: \(expression)", "record: c, expr: y"]
        #expect(Self.levels(rules) == [[0], [1], [2]])
    }

    @Test func aTemplateThatAsksReadsAnything() {
        let rules = ["record: a, expr: x", "alert: B, expr: y, annotations: {t: '{{ query \"a\" }}'}"]
        #expect(Self.levels(rules) == [[0], [1]])
    }

    @Test func readersOfAlertsComeBehindAllAlerts() {
        let rules = ["alert: A, expr: x", "alert: B, expr: y", "record: c, expr: count(ALERTS)"]
        #expect(Self.levels(rules) == [[0, 1], [2]])
    }

    @Test func rulesThatRecordOneNameKeepTheirOrder() {
        #expect(Self.levels(["record: a, expr: x", "record: a, expr: y, labels: {l: '1'}"]) == [[0], [1]])
    }
}

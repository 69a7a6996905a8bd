import Encoding
import Testing

@testable import Rules

@Suite struct RuleLintsTests {
    private static func notices(_ rules: [String], labels: [String: Set<String>]? = nil) -> [String] {
        let text = "groups:\n- name: g\n  rules:\n" + rules.map { "  - {\($0)}\n" }.joined()
        let report = ConfigurationReport()
        let groups = RuleFile.read(Array(text.utf8).span, file: "r.yml", report)
        #expect(report.errors == [])
        return RuleLints.notices(groups, labels: labels).map { "\($0.position): \($0.text)" }
    }

    @Test func metricsThatTheStoreHasNot() {
        let rules = ["record: 'a:b', expr: x + ALERTS", "record: c, expr: 'a:b + gone'"]
        #expect(
            Self.notices(rules, labels: ["x": ["i"]])
                == ["r.yml:5:5: the rule c asks for gone, of which the store has no series"])
        #expect(Self.notices(rules) == [], "no store is looked at")
    }

    @Test func labelsThatNothingHas() {
        let labels: [String: Set<String>] = ["x": ["__name__", "host", "job"]]
        for (expression, label) in [
            ("sum by (team) (rate(x[5m]))", "team"), ("sum by (job) (sum by (host) (x))", "job"),
            ("max by (host) (x * 2)", nil), ("sum by (job) (topk(3, x))", nil),
            ("count by (a) (label_replace(x, \"a\", \"\", \"\", \"\"))", nil),
            ("sum by (job) (sum without (job) (x))", "job"), ("sum without (team) (x)", nil),
            ("sum by (z) (x + on (host) x)", nil),
        ] as [(String, String?)] {
            let expected = label.map { ["r.yml:4:5: the rule a groups by \($0), a label that nothing it groups has"] }
            #expect(
                Self.notices(["record: a, expr: '\(expression)'"], labels: labels) == expected ?? [], "\(expression)")
        }
    }

    @Test func alertsWithoutForAndAbsentOfWhatIsNoSelector() {
        #expect(
            Self.notices(["alert: A, expr: absent(sum(x))", "alert: B, expr: absent(x), for: 5m"]) == [
                "r.yml:4:5: the alert A has no `for`: one failed scrape is enough to fire it",
                "r.yml:4:5: the alert A asks absent() of an expression that is no selector: its result has no labels and says not what is missing",
            ])
    }
}

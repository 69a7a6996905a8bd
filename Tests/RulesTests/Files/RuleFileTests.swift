import Encoding
import Testing

@testable import Rules

@Suite struct RuleFileTests {
    private static func read(_ text: String) -> (groups: [RuleGroup], errors: [String], report: ConfigurationReport) {
        let report = ConfigurationReport()
        let groups = RuleFile.read(Array(text.utf8).span, file: "r.yml", report)
        return (groups, report.errors.map(\.description), report)
    }

    @Test func readsAGroupWhole() throws {
        let result = Self.read(
            """
            groups:
            - name: g
              interval: 30s
              query_offset: 1m
              limit: 7
              labels: {team: a, tier: b}
              rules:
              - record: job:x:sum
                expr: sum by (job) (x)
                labels: {tier: c}
              - alert: Down
                expr: up == 0
                for: 5m
                keep_firing_for: 10m
                labels: {severity: page}
                annotations: {summary: "{{ $labels.instance }} is down"}
            """)
        #expect(result.errors == [])
        let group = try #require(result.groups.first)
        #expect(group.intervalMs == 30_000 && group.queryOffsetMs == 60_000 && group.limit == 7)
        #expect(group.rules[0].kind == .recording("job:x:sum"))
        #expect(group.rules[0].labels.map { "\($0.name)=\($0.value)" } == ["team=a", "tier=c"])
        #expect(group.rules[1].kind == .alerting("Down") && group.rules[1].holdMs == 300_000)
        #expect(group.rules[1].keepFiringMs == 600_000)
        #expect(group.rules[1].labels.map { "\($0.name)=\($0.value)" } == ["severity=page", "team=a", "tier=b"])
        #expect(group.rules[1].position.line == 11)
    }

    @Test(arguments: [
        (
            "groups:\n- name: a\n  rules:\n  - expr: 1\n",
            "r.yml:4:5: group \"a\", rule 1, \"\": one of 'record' or 'alert' must be set; name the series or the alert"
        ),
        (
            "groups:\n- name: a\n  rules:\n  - alert: b\n",
            "r.yml:4:5: group \"a\", rule 1, \"b\": field 'expr' must be set in rule; write an expression of PromQL or LogQL"
        ),
        ("groups:\n- name: a\n- name: a\n", "r.yml:3:9: groupname: \"a\" is repeated in the same file; rename one"),
        (
            "groups:\n- name: a\n  rules:\n  - record: b\n    expr: 1\n    for: 1m\n",
            "r.yml:6:10: group \"a\", rule 1, \"b\": invalid field 'for' in recording rule; remove it"
        ),
        (
            "groups:\n- name: a\n  rules:\n  - alert: b\n    expr: sum(\n",
            "r.yml:5:11: group \"a\", rule 1, \"b\": could not parse expression: 1:5: parse error: unclosed left parenthesis"
        ),
        (
            "groups:\n- name: a\n  rules:\n  - alert: b\n    expr: 1\n    labels: {__name__: x}\n",
            "r.yml:6:24: group \"a\", rule 1, \"b\": invalid label name: __name__; rename it"
        ),
        (
            "groups:\n- name: a\n  rules:\n  - alert: b\n    expr: 1\n    labels: {x: '{{ $y }}'}\n",
            "r.yml:6:17: group \"a\", rule 1, \"b\": label \"x\": template: __alert_b:1:3: undefined variable \"$y\""
        ),
        ("groups:\n- name: a\n  rule: []\n", "r.yml:3:3: unknown key \"rule\" in rule group; did you mean \"rules\"?"),
    ])
    func refusesWithPlaceAndRemedy(text: String, error: String) {
        #expect(Self.read(text).errors == [error])
    }

    @Test func namesRulesThatWriteTheSame() {
        let result = Self.read(
            "groups:\n- name: a\n  rules:\n  - {record: b, expr: 1}\n  - {record: b, expr: 2}\n  - {record: b, expr: 2, labels: {c: d}}\n"
        )
        #expect(RuleFile.duplicates(in: result.groups).map(\.position.line) == [5])
    }
}

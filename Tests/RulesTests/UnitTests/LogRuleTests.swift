import Encoding
import Posix
import PromQL
import TestSupport
import Testing

@testable import Rules

/// Rules that ask logs, or logs and metrics, with lines in their unit tests.
@Suite struct LogRuleTests {
    private static let rules = """
        groups:
        - name: logs
          rules:
          - alert: ManyErrors
            expr: sum by (app) (count_over_time({app=~".+"} |= "error" | json | status >= 500 [5m])) > 2
            for: 1m
            labels: {severity: page}
            annotations: {summary: '{{ $labels.app }}: {{ $value }} errors'}
          - record: app:errors:count5m
            expr: sum by (app) (count_over_time({app=~".+"} |= "error" [5m]))
          - alert: ErrorShare
            expr: logs(`sum by (app) (count_over_time({app=~".+"} |= "error" [5m]))`) / on (app) sum by (app) (increase(requests_total[5m])) > 0.5
        - name: named
          language: logql
          rules:
          - {record: app:lines:count1m, expr: 'sum by (app) (count_over_time({app="api"}[1m]))'}

        """

    private static let tests = """
        rule_files: [rules.yml]
        evaluation_interval: 1m
        tests:
        - name: errors
          interval: 1m
          input_series: [{series: 'requests_total{app="api"}', values: '0+1x20'}]
          input_logs:
          - stream: '{app="api"}'
            lines:
            - {line: '{"level":"error","status":503}', at: 30s, every: 1m, count: 5, metadata: {trace: a}}
            - {line: '{"level":"error","status":404}', at: 30s}
            - {line: fine, at: 31s, every: 10s, count: 20}
          - stream: '{app="quiet"}'
            lines: [{line: nothing, at: 0s}]
          alert_rule_test:
          - {eval_time: 2m, alertname: ManyErrors}
          - eval_time: 4m
            alertname: ManyErrors
            exp_alerts:
            - {exp_labels: {severity: page, app: api}, exp_annotations: {summary: 'api: 4 errors'}}
          - eval_time: 5m
            alertname: ErrorShare
            exp_alerts: [{exp_labels: {app: api}}]
          - {eval_time: 15m, alertname: ErrorShare}
          promql_expr_test:
          - {expr: 'app:errors:count5m', eval_time: 3m, exp_samples: [{labels: 'app:errors:count5m{app="api"}', value: 4}]}
          - {expr: 'app:lines:count1m', eval_time: 1m, exp_samples: [{labels: 'app:lines:count1m{app="api"}', value: 5}]}
          - {expr: 'count_over_time({app="quiet"} |= "nothing" [1m])', eval_time: 30s, exp_samples: [{labels: '{app="quiet"}', value: 1}]}

        """

    private static func failures(_ rules: String, _ tests: String) throws -> [String] {
        let report = ConfigurationReport()
        let groups = RuleFile.read(Array(rules.utf8).span, file: "rules.yml", report)
        let file = RuleTestFile.read(Array(tests.utf8).span, file: "tests.yml", report)
        if !report.isClean { return report.errors.map(\.description) }
        let workers = try Workers(helpers: 0)
        defer { workers.stop() }
        let run = RuleTestRun(file, groups: groups, workers: workers)
        return file.cases.flatMap { run.failures(of: $0, on: MemoryMetricStore(), logs: MemoryLogStore()) }
            .map(\.description)
    }

    @Test func linesRaiseAlertsAloneAndWithMetrics() throws {
        #expect(try Self.failures(Self.rules, Self.tests) == [])
    }

    @Test func aWrongExpectationOfLinesFails() throws {
        let wrong = Self.tests.split(separator: "api: 4 errors").joined(separator: "api: 5 errors")
        let failures = try Self.failures(Self.rules, wrong)
        #expect(failures.count == 1 && failures[0].contains("api: 4 errors"), "\(failures)")
    }

    @Test(arguments: [
        ("sum(", "could not parse expression"),
        ("{app=\"a\"} |= \"b\"", "could not parse expression"),
    ])
    func whatIsNeitherLanguageIsRefusedWithTheErrorOfPromQL(_ expression: String, _ error: String) throws {
        let rules = "groups: [{name: g, rules: [{record: a, expr: '\(expression)'}]}]"
        let failures = try Self.failures(rules, "tests: []")
        #expect(
            failures.count == 1 && failures[0].hasPrefix("rules.yml:1:") && failures[0].contains(error), "\(failures)")
    }

    @Test func aGroupOfLogQLRefusesLinesInItsOwnWords() throws {
        let rules = "groups: [{name: g, language: logql, rules: [{record: a, expr: '{app=\"a\"}'}]}]"
        let failures = try Self.failures(rules, "tests: []")
        #expect(failures.count == 1 && failures[0].contains("it selects lines, not numbers"), "\(failures)")
    }

    @Test func expressionsAreShownAsTheyAreMeant() throws {
        let log = #"sum by (app)(count_over_time({app="a"} |= "b" [5m]))"#
        guard case .logQL = try RuleExpression.parse(log) else { return #expect(Bool(false), "it is LogQL") }
        guard case .promQL = try RuleExpression.parse(#"rate({app="a"}[5m])"#) else {
            return #expect(Bool(false), "what is both is PromQL")
        }
        guard case .logQL = try RuleExpression.parse(#"rate({app="a"}[5m])"#, in: .logQL) else {
            return #expect(Bool(false), "it is said to be LogQL")
        }
    }
}

import Encoding
import HTTP
import Posix
import PromQL
import Rules
import Telemetry
import TestSupport
import Testing
import Web

/// Loki's list of rules, from the groups that a scheduler has in force.
@Suite struct LokiRulesTests {
    private static let rules = """
        groups:
        - name: logs
          interval: 1m
          limit: 5
          rules:
          - alert: ManyErrors
            expr: sum by (app) (count_over_time({app="a"} |= "error" [5m])) > 2
            for: 1m
            keep_firing_for: 2m
            labels: {severity: page}
            annotations: {summary: many}
          - {record: up:sum, expr: sum(up)}
        - name: metrics
          rules:
          - {record: up:max, expr: max(up)}
        """

    private static let other = """
        groups:
        - name: more
          language: logql
          rules:
          - {record: app:lines, expr: 'sum by (app) (rate({app=~".+"}[1m]))'}
        """

    private func answers(_ targets: [String]) throws -> [(status: HTTP.Status, text: String)] {
        let report = ConfigurationReport()
        let groups =
            RuleFile.read(Array(Self.rules.utf8).span, file: "/etc/rules/shop.yml", report)
            + RuleFile.read(Array(Self.other.utf8).span, file: "other.yml", report)
        let workers = try Workers(helpers: 0)
        defer { workers.stop() }
        let store = MemoryMetricStore()
        let engine = Engine(store: store, workers: workers, memory: QueryMemory(limitBytes: 1 << 20))
        let scheduler = try RuleScheduler(evaluators: 1, registry: Registry())
        defer { scheduler.stop() }
        scheduler.replace(groups, RuleEnvironment(engine: engine, store: store))
        let server = try APIServer { _, pool, router in
            LokiRulesAPI(pool: pool) { scheduler.statuses }.add(to: &router)
        }
        return try targets.map { target in
            let answer = try server.get(target)
            return (answer.status, answer.text)
        }
    }

    @Test func rulesInLogQLAreListedByFileAndGroup() throws {
        let group =
            #"{"name":"logs","interval":"1m","limit":5,"rules":[{"alert":"ManyErrors","expr":"sum by (app) (count_over_time({app=\"a\"} |= \"error\" [5m])) > 2","for":"1m","keep_firing_for":"2m","labels":{"severity":"page"},"annotations":{"summary":"many"}}]}"#
        let more = #"{"name":"more","rules":[{"record":"app:lines","expr":"sum by (app) (rate({app=~\".+\"}[1m]))"}]}"#
        let expected = [
            (HTTP.Status.ok, #"{"other.yml":[\#(more)],"shop.yml":[\#(group)]}"#),
            (.ok, #"{"shop.yml":[\#(group)]}"#), (.ok, group), (.ok, more),
            (.notFound, "group does not exist\n"), (.notFound, "no rule groups found\n"),
        ]
        let told = try answers([
            "/loki/api/v1/rules", "/loki/api/v1/rules/shop.yml", "/loki/api/v1/rules/shop.yml/logs",
            "/api/prom/rules/other.yml/more", "/loki/api/v1/rules/shop.yml/metrics", "/loki/api/v1/rules/none.yml",
        ])
        for (answer, wanted) in zip(told, expected) {
            #expect(answer.status == wanted.0)
            #expect(answer.text == wanted.1)
        }
    }
}

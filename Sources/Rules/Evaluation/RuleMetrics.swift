package import Telemetry

/// What rules count, under the names that dashboards for Prometheus read.
package struct RuleMetrics: Sendable {
    private let groupDuration: Histogram
    private let ruleDuration: Histogram
    private let iterations: Family<Counter>
    let missed: Family<Counter>
    private let evaluations: Family<Counter>
    private let failures: Family<Counter>
    private let interval: Family<Gauge>
    private let lastDuration: Family<Gauge>
    private let lastTime: Family<Gauge>
    let samples: Family<Gauge>
    private let rules: Family<Gauge>

    package init(_ registry: Registry) {
        groupDuration = registry.histogram(
            "prometheus_rule_group_duration_seconds", "How long the evaluation of a group takes.", unit: .seconds,
            buckets: .latency)
        ruleDuration = registry.histogram(
            "prometheus_rule_evaluation_duration_seconds", "How long the evaluation of a rule takes.", unit: .seconds,
            buckets: .latency)
        iterations = registry.counters(
            "prometheus_rule_group_iterations_total", "Evaluations of a group that were due.", labels: ["rule_group"])
        missed = registry.counters(
            "prometheus_rule_group_iterations_missed_total",
            "Evaluations of a group that were left out because the one before took too long.", labels: ["rule_group"])
        evaluations = registry.counters(
            "prometheus_rule_evaluations_total", "Evaluations of rules.", labels: ["rule_group"])
        failures = registry.counters(
            "prometheus_rule_evaluation_failures_total", "Evaluations of rules that failed.", labels: ["rule_group"])
        interval = registry.gauges(
            "prometheus_rule_group_interval_seconds", "How often a group is evaluated.", unit: .seconds,
            labels: ["rule_group"])
        lastDuration = registry.gauges(
            "prometheus_rule_group_last_duration_seconds", "How long the last evaluation of a group took.",
            unit: .seconds, labels: ["rule_group"])
        lastTime = registry.gauges(
            "prometheus_rule_group_last_evaluation_timestamp_seconds", "When a group was last evaluated.",
            unit: .seconds, labels: ["rule_group"])
        samples = registry.gauges(
            "prometheus_rule_group_last_evaluation_samples", "Samples that the last evaluation of a group wrote.",
            labels: ["rule_group"])
        rules = registry.gauges("prometheus_rule_group_rules", "Rules of a group.", labels: ["rule_group"])
    }

    func evaluated(_ group: RuleGroup, atMs: Int64, durationNs: Int64) {
        groupDuration.observe(Int(durationNs))
        iterations.with(group.key).add()
        lastDuration.with(group.key).set(Int(durationNs))
        lastTime.with(group.key).set(Int(atMs) * 1_000_000)
    }

    func evaluated(ruleOf group: RuleGroup, failed: Bool, durationNs: Int64) {
        ruleDuration.observe(Int(durationNs))
        evaluations.with(group.key).add()
        if failed { failures.with(group.key).add() }
    }

    func know(_ group: RuleGroup, intervalMs: Int64) {
        interval.with(group.key).set(Int(intervalMs) * 1_000_000)
        rules.with(group.key).set(group.rules.count)
        _ = (missed.with(group.key), evaluations.with(group.key), failures.with(group.key))
    }

    func forget(_ group: RuleGroup) {
        for family in [iterations, missed, evaluations, failures] { family.remove(group.key) }
        for family in [interval, lastDuration, lastTime, samples, rules] { family.remove(group.key) }
    }
}

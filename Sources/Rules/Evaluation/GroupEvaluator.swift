import Model
package import Posix
import PromQL
import Telemetry

/// A group of rules at work. One evaluation at a time; anybody may ask how it stands meanwhile.
package final class GroupEvaluator: Sendable {
    /// What only the evaluating thread touches.
    private struct Work {
        var alerting: [AlertingState?]
        /// The series that each rule wrote at its last evaluation.
        var written: [Set<Labels>]
        /// Series of rules that are gone, to be marked as ended.
        var orphans: Set<Labels> = []
        var isFirst = true
        /// Another evaluator has taken over, or the group is gone: what is still queued is not done.
        var isEnded = false
        var lastMs: Int64 = .min
    }

    package let group: RuleGroup
    let intervalMs: Int64
    private let environment: RuleEnvironment
    private let metrics: RuleMetrics
    private let time: any TimeSource
    private let work: Lock<Work>
    private let shown: Lock<RuleGroupStatus>

    /// - Parameter isRestored: there is no past to take alerts up from.
    package init(
        _ group: RuleGroup, _ environment: RuleEnvironment, _ metrics: RuleMetrics, time: any TimeSource,
        isRestored: Bool = false
    ) {
        self.group = group
        self.environment = environment
        self.metrics = metrics
        self.time = time
        intervalMs = group.intervalMs ?? environment.options.intervalMs
        var work = Work(
            alerting: group.rules.map { $0.isAlerting ? AlertingState($0) : nil },
            written: Array(repeating: [], count: group.rules.count))
        if isRestored {
            for place in work.alerting.indices { work.alerting[place]?.isRestored = true }
            work.isFirst = false
        }
        self.work = Lock(work)
        shown = Lock(RuleGroupStatus(group, intervalMs: intervalMs))
    }

    package var status: RuleGroupStatus { shown.withLock { $0 } }

    /// Takes over what an earlier form of the group knows of rules that have stayed the same. What it wrote for others
    /// ends with the next evaluation.
    func inherit(from old: GroupEvaluator) {
        let inherited = old.work.withLock { work in
            defer { work.isEnded = true }
            return work
        }
        work.withLock { work in
            var taken: Set<Int> = []
            for (place, rule) in group.rules.enumerated() {
                let source = old.group.rules.indices.first { !taken.contains($0) && old.group.rules[$0] == rule }
                guard let source else { continue }
                taken.insert(source)
                work.written[place] = inherited.written[source]
                if let state = inherited.alerting[source] { work.alerting[place] = state }
            }
            work.orphans = inherited.orphans
            for place in old.group.rules.indices where !taken.contains(place) {
                work.orphans.formUnion(inherited.written[place])
            }
            work.isFirst = inherited.isFirst
            work.lastMs = inherited.lastMs
        }
    }

    func noteMissed(_ count: Int) {
        shown.withLock { $0.missed += count }
        metrics.missed.with(group.key).add(count)
    }

    /// Evaluates every rule at one instant, in order, so that each sees what those before it wrote.
    package func evaluate(atMs: Int64) {
        let startNs = time.monotonicNs
        let isDone = work.withLock { work in
            if work.isEnded { return false }
            work.lastMs = atMs
            for place in group.rules.indices { evaluate(place, atMs, &work) }
            markOrphans(atMs, &work)
            if work.isFirst { restore(atMs, &work) }
            work.isFirst = false
            return true
        }
        guard isDone else { return }
        let durationNs = time.monotonicNs - startNs
        shown.withLock { status in
            status.lastEvaluationMs = atMs
            status.durationNs = durationNs
        }
        metrics.evaluated(group, atMs: atMs, durationNs: durationNs)
    }

    /// Ends the series of all rules: the group is gone.
    func end(atMs: Int64) {
        work.withLock { work in
            work.isEnded = true
            for series in work.written { work.orphans.formUnion(series) }
            // Behind the last result, which may be of this very millisecond.
            markOrphans(max(atMs, work.lastMs + 1), &work)
        }
        metrics.forget(group)
    }

    private var queryOffsetMs: Int64 { group.queryOffsetMs ?? environment.options.queryOffsetMs }

    private func evaluate(_ place: Int, _ atMs: Int64, _ work: inout Work) {
        let startNs = time.monotonicNs
        var failure: String?
        do throws(RuleFailure) {
            let results = try results(place, atMs, &work)
            try write(results, place, atMs, &work)
        } catch {
            failure = "\(error)"
            environment.log.warning(
                "a rule cannot be evaluated",
                [
                    "group": .text(group.name), "file": .text(group.file), "rule": .text(group.rules[place].name),
                    "error": .text("\(error)"),
                ])
        }
        let durationNs = time.monotonicNs - startNs
        metrics.evaluated(ruleOf: group, failed: failure != nil, durationNs: durationNs)
        let alerts = work.alerting[place]?.active.values.sorted { $0.labels < $1.labels } ?? []
        shown.withLock { status in
            status.rules[place].health = failure == nil ? .ok : .err
            status.rules[place].lastError = failure ?? ""
            status.rules[place].lastEvaluationMs = atMs
            status.rules[place].durationNs = durationNs
            status.rules[place].alerts = alerts
        }
    }

    private func results(
        _ place: Int, _ atMs: Int64, _ work: inout Work
    ) throws(RuleFailure) -> [(labels: Labels, point: Point)] {
        guard var state = work.alerting[place] else { return try recorded(group.rules[place], atMs) }
        defer { work.alerting[place] = state }
        let step = try state.evaluate(atMs: atMs, queryOffsetMs: queryOffsetMs, limit: group.limit, in: environment)
        if !step.events.isEmpty { environment.record(step.events) }
        let due = state.due(
            atMs: atMs, resendMs: environment.options.resendMs, intervalMs: intervalMs,
            generatorURL: environment.context.externalURL + RuleFunctions.graphPath(state.rule.text, tab: 1))
        if !due.isEmpty { environment.notify(due) }
        return step.series
    }

    private func recorded(_ rule: Rule, _ atMs: Int64) throws(RuleFailure) -> [(labels: Labels, point: Point)] {
        var results = try environment.evaluate(rule.expression, atMs: atMs - queryOffsetMs).points
        var seen: Set<Labels> = []
        for index in results.indices {
            var builder = LabelsBuilder(results[index].labels)
            builder.set(Labels.metricName, rule.name)
            for label in rule.labels { builder.set(label.name, label.value) }
            results[index].labels = builder.labels()
            guard seen.insert(results[index].labels).inserted else {
                throw RuleFailure("vector contains metrics with the same labelset after applying rule labels")
            }
        }
        if group.limit > 0, results.count > group.limit {
            throw RuleFailure("exceeded limit of \(group.limit) with \(results.count) series")
        }
        return results
    }

    private func write(
        _ results: [(labels: Labels, point: Point)], _ place: Int, _ atMs: Int64, _ work: inout Work
    ) throws(RuleFailure) {
        var samples = RuleSamples()
        var written: Set<Labels> = []
        for (labels, point) in results {
            samples.add(labels, point, atMs: atMs - queryOffsetMs)
            written.insert(labels)
            work.orphans.remove(labels)
        }
        for labels in work.written[place].subtracting(written) {
            samples.addStale(labels, atMs: atMs - queryOffsetMs)
        }
        work.written[place] = written
        metrics.samples.with(group.key).set(work.written.reduce(0) { $0 + $1.count })
        for refusal in try samples.write(to: environment.store) {
            environment.log.warning(
                "a result of a rule was refused",
                ["rule": .text(group.rules[place].name), "reason": .text(refusal)])
        }
    }

    private func markOrphans(_ atMs: Int64, _ work: inout Work) {
        if work.orphans.isEmpty { return }
        var samples = RuleSamples()
        for labels in work.orphans { samples.addStale(labels, atMs: atMs - queryOffsetMs) }
        work.orphans = []
        _ = try? samples.write(to: environment.store)  // they go stale by themselves after the lookback
    }

    private func restore(_ atMs: Int64, _ work: inout Work) {
        for place in group.rules.indices {
            do throws(RuleFailure) {
                try work.alerting[place]?.restore(atMs: atMs, in: environment)
            } catch {
                environment.log.error(
                    "alerts begin anew", ["rule": .text(group.rules[place].name), "error": .text("\(error)")])
            }
        }
    }
}

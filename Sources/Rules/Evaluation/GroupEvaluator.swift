import Model
package import Posix
import PromQL
import Telemetry

/// A group of rules at work. One evaluation at a time; anybody may ask how it stands meanwhile.
package final class GroupEvaluator: Sendable {
    /// What only the evaluating thread touches.
    struct Work {
        var alerting: [AlertingState?]
        /// The series that each rule wrote at its last evaluation.
        var written: [Set<Labels>]
        /// Series of rules that are gone, to be marked as ended.
        var orphans: Set<Labels> = []
        var isFirst = true
        /// Another evaluator has taken over, or the group is gone: what is still queued is not done.
        var isEnded = false
        var lastMs: Int64 = .min
        /// How long the last evaluation took.
        var durationNs: Int64 = 0
        /// What was missed before the start, once it is known.
        var gap: RuleGap?
    }

    package let group: RuleGroup
    let intervalMs: Int64
    let environment: RuleEnvironment
    private let metrics: RuleMetrics
    let time: any TimeSource
    /// Places of rules that may be evaluated at once, one level after the other.
    private let levels: [[Int]]
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
        levels = RuleLevels.of(group.rules)
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
            if group.rules == old.group.rules { work.gap = inherited.gap }
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
            evaluateRules(atMs, &work)
            metrics.samples.with(group.key).set(work.written.reduce(0) { $0 + $1.count })
            markOrphans(atMs, &work)
            if work.isFirst {
                restore(atMs, &work)
                work.gap = gap(before: atMs)
            }
            work.isFirst = false
            work.durationNs = time.monotonicNs - startNs
            return true
        }
        guard isDone else { return }
        let durationNs = time.monotonicNs - startNs
        shown.withLock { status in
            status.lastEvaluationMs = atMs
            status.durationNs = durationNs
        }
        metrics.evaluated(group, atMs: atMs, durationNs: durationNs)
        work.withLock { closeGap(&$0) }
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

    var queryOffsetMs: Int64 { group.queryOffsetMs ?? environment.options.queryOffsetMs }

    // MARK: one rule

    /// What one evaluation of a rule needs, and what has become of it.
    private struct Turn {
        var alerting: AlertingState?
        var written: Set<Labels>
        var failure: String?
        var durationNs: Int64 = 0
    }

    /// In order; those of a group that takes long at once where none reads what another writes.
    private func evaluateRules(_ atMs: Int64, _ work: inout Work) {
        if work.durationNs < environment.options.concurrentFromNs {
            for place in group.rules.indices { take(turn(place, atMs, work), place, atMs, &work) }
            return
        }
        for places in levels {
            let turns = Lock<[Turn?]>(Array(repeating: nil, count: places.count))
            environment.engine.spread(parts: places.count) { [work] part in
                let turn = self.turn(places[part], atMs, work)
                turns.withLock { $0[part] = turn }
            }
            for (place, turn) in zip(places, turns.withLock { $0 }) {
                guard let turn else { preconditionFailure("BUG: a rule was never evaluated") }
                take(turn, place, atMs, &work)
            }
        }
    }

    private func turn(_ place: Int, _ atMs: Int64, _ work: Work) -> Turn {
        let startNs = time.monotonicNs
        var turn = Turn(alerting: work.alerting[place], written: work.written[place])
        do throws(RuleFailure) {
            let results = try results(place, atMs, &turn.alerting)
            try write(results, place, atMs, &turn.written)
        } catch {
            turn.failure = "\(error)"
            environment.log.warning(
                "a rule cannot be evaluated",
                [
                    "group": .text(group.name), "file": .text(group.file), "rule": .text(group.rules[place].name),
                    "error": .text("\(error)"),
                ])
        }
        turn.durationNs = time.monotonicNs - startNs
        metrics.evaluated(ruleOf: group, failed: turn.failure != nil, durationNs: turn.durationNs)
        return turn
    }

    private func take(_ turn: Turn, _ place: Int, _ atMs: Int64, _ work: inout Work) {
        work.alerting[place] = turn.alerting
        work.written[place] = turn.written
        if !work.orphans.isEmpty { work.orphans.subtract(turn.written) }
        let alerts = turn.alerting?.active.values.sorted { $0.labels < $1.labels } ?? []
        shown.withLock { status in
            status.rules[place].health = turn.failure == nil ? .ok : .err
            status.rules[place].lastError = turn.failure ?? ""
            status.rules[place].lastEvaluationMs = atMs
            status.rules[place].durationNs = turn.durationNs
            status.rules[place].alerts = alerts
        }
    }

    private func results(
        _ place: Int, _ atMs: Int64, _ alerting: inout AlertingState?
    ) throws(RuleFailure) -> [(labels: Labels, point: Point)] {
        guard var state = alerting else { return try recorded(group.rules[place], atMs) }
        defer { alerting = state }
        let step = try state.evaluate(atMs: atMs, queryOffsetMs: queryOffsetMs, limit: group.limit, in: environment)
        if !step.events.isEmpty { environment.record(step.events) }
        let due = state.due(
            atMs: atMs, resendMs: environment.options.resendMs, intervalMs: intervalMs,
            generatorURL: environment.context.externalURL + RuleFunctions.graphPath(state.rule.text, tab: 1))
        if !due.isEmpty { environment.notify(due) }
        return step.series
    }

    func recorded(_ rule: Rule, _ atMs: Int64) throws(RuleFailure) -> [(labels: Labels, point: Point)] {
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

    /// - Parameter written: the series that the rule wrote before; those that it writes now.
    func write(
        _ results: [(labels: Labels, point: Point)], _ place: Int, _ atMs: Int64, _ written: inout Set<Labels>
    ) throws(RuleFailure) {
        var samples = RuleSamples()
        var new: Set<Labels> = []
        for (labels, point) in results {
            samples.add(labels, point, atMs: atMs - queryOffsetMs)
            new.insert(labels)
        }
        for labels in written.subtracting(new) { samples.addStale(labels, atMs: atMs - queryOffsetMs) }
        written = new
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

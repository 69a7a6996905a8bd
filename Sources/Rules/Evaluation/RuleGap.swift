import Model
import Posix
import Storage
import Telemetry

/// The instants at which a group would have been evaluated while the server was away.
struct RuleGap {
    /// Those that are to be made up for, in order.
    var instants: [Int64]
    /// Where alerts that hold now may have begun, in order.
    let all: [Int64]
    /// Not before this, by the monotonic clock: agents first deliver what they kept meanwhile.
    let notBeforeNs: Int64
    /// The series that each rule wrote at the instant before.
    var written: [Set<Labels>]
}

/// How much of the time goes into what was missed: one group at a time, and longer pauses than work.
package final class GapBudget: Sendable {
    private struct State {
        var isTaken = false
        var notBeforeNs = Int64.min
    }

    /// A quarter of one thread's time.
    private static let pauseFactor: Int64 = 3

    private let state = Lock(State())

    package init() {}

    func take(atNs nowNs: Int64) -> Bool {
        state.withLock { state in
            if state.isTaken || nowNs < state.notBeforeNs { return false }
            state.isTaken = true
            return true
        }
    }

    func giveBack(tookNs: Int64, atNs nowNs: Int64) {
        state.withLock { $0 = State(isTaken: false, notBeforeNs: nowNs + tookNs * Self.pauseFactor) }
    }
}

/// Recording rules are evaluated at the instants that a short downtime has cost, and alerts that hold are counted from when
/// they began to, with what agents have delivered since.
extension GroupEvaluator {
    /// What was missed before the first evaluation; nil where that is nothing, or where nobody knows.
    func gap(before firstMs: Int64) -> RuleGap? {
        let oldestMs = firstMs - environment.options.outageMs
        guard let lastMs = lastWritten(from: oldestMs, to: firstMs - queryOffsetMs - 1) else { return nil }
        let first = stride(from: firstMs - intervalMs, to: max(lastMs, oldestMs) + intervalMs / 2, by: -Int(intervalMs))
        let instants = Array(first.prefix(environment.options.gapInstantsMax).reversed())
        if instants.isEmpty { return nil }
        return RuleGap(
            instants: instants, all: instants,
            notBeforeNs: time.monotonicNs + environment.options.settleMs * 1_000_000,
            written: Array(repeating: [], count: group.rules.count))
    }

    /// When the rules of the group wrote a series last, by the first of them that did.
    private func lastWritten(from startMs: Int64, to endMs: Int64) -> Int64? {
        for rule in group.rules {
            let name = rule.isAlerting ? AlertingState.alertsSeries : rule.name
            var matchers = [Matcher(Labels.metricName, equals: name)]
            if rule.isAlerting { matchers.append(Matcher(Alert.nameLabel, equals: rule.name)) }
            // Labels of alerts are templates.
            for label in rule.labels where RuleTemplate.isPlain(label.value) {
                matchers.append(Matcher(label.name, equals: label.value))
            }
            do throws(StorageError) {
                if let lastMs = try lastSample(matchers, startMs, endMs) { return lastMs + queryOffsetMs }
            } catch {
                environment.log.warning(
                    "what a rule missed is not made up for",
                    ["rule": .text(rule.name), "error": .text("\(error)")])
                return nil
            }
        }
        return nil
    }

    private func lastSample(
        _ matchers: [Matcher], _ startMs: Int64, _ endMs: Int64
    ) throws(StorageError) -> Int64? {
        let selection = try environment.store.select(
            SelectRequest(matchers: matchers, startMs: startMs, endMs: endMs))
        var block = SeriesBlock()
        var lastMs: Int64?
        for start in stride(from: 0, to: selection.count, by: 1024) {
            try selection.read(start..<min(selection.count, start + 1024), into: &block)
            for floats in block.floats where floats.count > 0 {
                lastMs = max(lastMs ?? .min, block.timestampsMs[floats.timestampStart + floats.count - 1])
            }
        }
        return lastMs
    }

    /// Makes up for some of what was missed, if it is time to.
    func closeGap(_ work: inout Work) {
        guard !work.isEnded, var gap = work.gap else { return }
        let startNs = time.monotonicNs
        guard startNs >= gap.notBeforeNs, environment.gaps.take(atNs: startNs) else { return }
        defer { environment.gaps.giveBack(tookNs: time.monotonicNs - startNs, atNs: time.monotonicNs) }
        // The next regular evaluation is not to wait.
        let endNs = startNs + intervalMs * 1_000_000 / 10
        while let atMs = gap.instants.first, time.monotonicNs <= endNs {
            for place in group.rules.indices where !group.rules[place].isAlerting { record(place, atMs, &gap) }
            gap.instants.removeFirst()
        }
        if !gap.instants.isEmpty {
            work.gap = gap
            return
        }
        work.gap = nil
        for place in group.rules.indices {
            work.alerting[place]?.beginEarlier(gap.all, queryOffsetMs: queryOffsetMs, in: environment)
        }
    }

    private func record(_ place: Int, _ atMs: Int64, _ gap: inout RuleGap) {
        do throws(RuleFailure) {
            try write(try recorded(group.rules[place], atMs), place, atMs, &gap.written[place])
        } catch {
            environment.log.warning(
                "an evaluation that was missed cannot be made up for",
                ["rule": .text(group.rules[place].name), "error": .text("\(error)")])
        }
    }
}

extension AlertingState {
    /// Pending alerts that are known since the start only count from the first of the instants since which their condition
    /// has held without a break.
    mutating func beginEarlier(_ instants: [Int64], queryOffsetMs: Int64, in environment: RuleEnvironment) {
        guard let lastMs = instants.last, rule.holdMs > 0 else { return }
        var held = Set(active.values.filter { $0.state == .pending && $0.activeAtMs > lastMs }.map(\.labels))
        for atMs in instants.reversed() where !held.isEmpty {
            let found: [Labels: ActiveAlert]
            do throws(RuleFailure) {
                found = try alerts(atMs: atMs, queryAtMs: atMs - queryOffsetMs, in: environment)
            } catch {
                // They go on counting from where they are known to have held.
                return
            }
            held = held.filter { found[$0] != nil }
            for labels in held { active[labels]?.activeAtMs = atMs }
        }
    }
}

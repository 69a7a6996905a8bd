import Encoding
import Model
import Posix
import PromQL
import Storage
import Telemetry
import TestSupport
import Testing

@testable import Rules

/// A group over a store in memory, in time that the test moves by evaluating.
private final class Bench {
    let store: any MetricStore
    let workers: Workers
    let told = Lock<[[Alert]]>([])
    let events = Lock<[AlertEvent]>([])
    var environment: RuleEnvironment
    let time = ManualTime()
    let metrics = RuleMetrics(Registry())

    init(store: any MetricStore = MemoryMetricStore(), helpers: Int = 0) throws {
        self.store = store
        workers = try Workers(helpers: helpers)
        environment = RuleEnvironment(engine: Engine(store: store, workers: workers), store: store)
        environment.context.externalURL = "http://obs"
        let (told, events) = (told, events)
        environment.notify = { alerts in told.withLock { $0.append(alerts) } }
        environment.record = { new in events.withLock { $0 += new } }
    }

    deinit { workers.stop() }

    static func group(_ rules: String, extra: String = "") -> RuleGroup {
        let text = "groups:\n- name: g\n  interval: 15s\n\(extra)  rules:\n\(rules)"
        let report = ConfigurationReport()
        let groups = RuleFile.read(Array(text.utf8).span, file: "r.yml", report)
        #expect(report.errors == [])
        return groups[0]
    }

    func evaluator(_ group: RuleGroup) -> GroupEvaluator {
        GroupEvaluator(group, environment, metrics, time: time)
    }

    func write(_ labels: [(String, String)], _ value: Double, atMs: Int64) throws {
        var samples = RuleSamples()
        samples.add(Labels(labels.map { (name: $0.0, value: $0.1) }), .float(value), atMs: atMs)
        #expect(try samples.write(to: store) == [])
    }

    func value(_ query: String, atMs: Int64) throws -> [Double] {
        let result = try RuleResult(environment.engine.instant(try Parser.parse(query), atMs: atMs))
        return result.points.map(\.point.number)
    }
}

@Suite struct GroupEvaluatorTests {
    /// Chains through recorded series, beside alerts that read what is recorded and rules that stand alone.
    @Test func rulesThatAreEvaluatedAtOnceSeeWhatTheyWouldInOrder() throws {
        let bench = try Bench(helpers: 3)
        bench.environment.options.concurrentFromNs = 0
        var rules = ""
        for chain in 0..<6 {
            rules += "  - {record: a\(chain), expr: x + \(chain)}\n"
            for link in 1..<4 {
                rules += "  - {record: a\(chain)_\(link), expr: a\(chain)\(link > 1 ? "_\(link - 1)" : "") + 1}\n"
            }
            rules += "  - {alert: A\(chain), expr: a\(chain)_3 >= 0, annotations: {v: '{{ $value }}'}}\n"
        }
        let group = bench.evaluator(Bench.group(rules))
        for step in 0..<5 {
            let atMs = Int64(step) * 15_000
            try bench.write([("__name__", "x")], Double(step * 100), atMs: atMs)
            group.evaluate(atMs: atMs)
            for chain in 0..<6 {
                let expected = Double(step * 100 + chain + 3)
                #expect(try bench.value("a\(chain)_3", atMs: atMs) == [expected], "chain \(chain) at step \(step)")
                #expect(group.status.rules[chain * 5 + 4].alerts.map(\.value) == [expected])
            }
        }
    }

    /// The server is away from 75 s to 300 s; what was measured meanwhile comes after it is back.
    @Test func whatWasMissedIsMadeUpForWithWhatHasComeSince() throws {
        let bench = try Bench()
        let rules = """
              - {record: twice, expr: x * 2}
              - {record: four, expr: twice * 2}
              - {alert: High, expr: x > 100, for: 2m}

            """
        func measure(_ step: Int) throws {
            try bench.write([("__name__", "x")], Double(step < 10 ? step : 100 + step), atMs: Int64(step) * 15_000)
        }
        let before = bench.evaluator(Bench.group(rules))
        for step in 0...4 {
            try measure(step)
            before.evaluate(atMs: Int64(step) * 15_000)
        }
        let after = bench.evaluator(Bench.group(rules))
        try measure(20)
        after.evaluate(atMs: 300_000)
        #expect(after.status.rules[2].alerts.map(\.activeAtMs) == [300_000])
        for step in 5..<20 { try measure(step) }
        try measure(21)
        bench.time.advance(bySeconds: Double(bench.environment.options.settleMs - 1) / 1000)
        after.evaluate(atMs: 315_000)
        #expect(try bench.value("count_over_time(four[10m])", atMs: 315_000) == [7], "agents are still sending")
        bench.time.advance(bySeconds: 0.001)
        try measure(22)
        after.evaluate(atMs: 330_000)
        for step in 0...22 {
            let expected = Double(4 * (step < 10 ? step : 100 + step))
            #expect(try bench.value("four", atMs: Int64(step) * 15_000) == [expected], "at step \(step)")
        }
        #expect(try bench.value("count_over_time(four[10m])", atMs: 330_000) == [23])
        // Its condition holds since step 10, which is 2 minutes ago.
        #expect(after.status.rules[2].alerts.map(\.state) == [.pending])
        try measure(23)
        after.evaluate(atMs: 345_000)
        #expect(after.status.rules[2].alerts.map(\.activeAtMs) == [150_000])
        #expect(after.status.rules[2].alerts.map(\.state) == [.firing])
    }

    @Test func anAlertIsPendingFiresAndIsResolved() throws {
        let bench = try Bench()
        let group = bench.evaluator(
            Bench.group(
                "  - {alert: Down, expr: up == 0, for: 30s, labels: {s: p}, annotations: {d: 'v {{ $value }}'}}\n"))
        for step in 0..<8 {
            let atMs = Int64(step) * 15_000
            try bench.write([("__name__", "up"), ("i", "a")], step < 5 ? 0 : 1, atMs: atMs)
            group.evaluate(atMs: atMs)
            let states = group.status.rules[0].alerts.map(\.state)
            #expect(states == [step < 2 ? .pending : step < 5 ? .firing : .inactive], "at step \(step)")
            #expect(try bench.value("ALERTS{alertstate='pending'}", atMs: atMs).count == (1..<2 ~= step ? 1 : 0))
            #expect(try bench.value("ALERTS{alertstate='firing'}", atMs: atMs).count == (2..<5 ~= step ? 1 : 0))
        }
        let events = bench.events.withLock { $0 }
        #expect(events.map(\.kind) == [.pending, .firing, .resolved])
        #expect(events.map(\.atMs) == [0, 30_000, 75_000])
        let told = bench.told.withLock { $0 }
        #expect(told.count == 2)
        let firing = try #require(told.first?.first)
        #expect(firing.labels == Labels([("alertname", "Down"), ("i", "a"), ("s", "p")]))
        #expect(firing.annotations == ["d": "v 0"] && firing.startsAtMs == 30_000)
        #expect(firing.endsAtMs == 30_000 + 4 * 60_000)
        #expect(firing.generatorURL == "http://obs/graph?g0.expr=up+%3D%3D+0&g0.tab=1")
        #expect(told[1][0].endsAtMs == 75_000 && told[1][0].startsAtMs == 30_000)
    }

    @Test func aConditionThatEndsEarlyResetsWithItsReason() throws {
        let bench = try Bench()
        let group = bench.evaluator(Bench.group("  - {alert: Down, expr: up == 0, for: 1m}\n"))
        for step in 0..<3 {
            try bench.write([("__name__", "up")], step < 2 ? 0 : 1, atMs: Int64(step) * 15_000)
            group.evaluate(atMs: Int64(step) * 15_000)
        }
        let events = bench.events.withLock { $0 }
        #expect(events.map(\.kind) == [.pending, .reset])
        #expect(events[1].detail == "the condition held for 30s of 1m")
        #expect(group.status.rules[0].alerts.isEmpty && bench.told.withLock { $0.isEmpty })
    }

    @Test func firingAlertsAreToldAgainAfterTheResendDelay() throws {
        let bench = try Bench()
        let group = bench.evaluator(Bench.group("  - {alert: Always, expr: vector(1)}\n"))
        var toldAt: [Int64] = []
        for step in 0..<20 {
            let before = bench.told.withLock { $0.count }
            group.evaluate(atMs: Int64(step) * 15_000)
            if bench.told.withLock({ $0.count }) > before { toldAt.append(Int64(step) * 15_000) }
        }
        // More than a minute after the last time, as Prometheus has it: with 15 s in between that is every 75 s.
        #expect(toldAt == [0, 75_000, 150_000, 225_000])
    }

    @Test func keepFiringForHoldsAnAlertOpen() throws {
        let bench = try Bench()
        let group = bench.evaluator(Bench.group("  - {alert: A, expr: x > 0, keep_firing_for: 30s}\n"))
        var states: [ActiveAlert.State] = []
        for (step, value) in [1.0, 0, 0, 0, 1, 0, 1, 0].enumerated() {
            try bench.write([("__name__", "x")], value, atMs: Int64(step) * 15_000)
            group.evaluate(atMs: Int64(step) * 15_000)
            states.append(group.status.rules[0].alerts[0].state)
        }
        #expect(states == [.firing, .firing, .firing, .inactive, .firing, .firing, .firing, .firing])
    }

    @Test func rulesSeeWhatThoseBeforeThemWrote() throws {
        let bench = try Bench()
        let group = bench.evaluator(
            Bench.group("  - {record: a, expr: vector(2), labels: {l: v}}\n  - {record: b, expr: a * 3}\n"))
        group.evaluate(atMs: 0)
        #expect(try bench.value("b{l='v'}", atMs: 0) == [6])
    }

    @Test func seriesThatDisappearAreMarkedAsEnded() throws {
        let bench = try Bench()
        let group = bench.evaluator(Bench.group("  - {record: r, expr: x}\n"))
        try bench.write([("__name__", "x"), ("i", "a")], 1, atMs: 0)
        try bench.write([("__name__", "x"), ("i", "b")], 1, atMs: 0)
        group.evaluate(atMs: 0)
        try bench.write([("__name__", "x"), ("i", "a")], StaleMarker.value, atMs: 15_000)
        group.evaluate(atMs: 15_000)
        #expect(try bench.value("r", atMs: 15_000) == [1])
        #expect(try bench.value("r{i='a'}", atMs: 15_000) == [])
    }

    @Test func theQueryOffsetMovesExpressionAndResult() throws {
        let bench = try Bench()
        let group = bench.evaluator(Bench.group("  - {record: r, expr: x}\n", extra: "  query_offset: 1m\n"))
        for minute in 0..<3 { try bench.write([("__name__", "x")], Double(minute), atMs: Int64(minute) * 60_000) }
        group.evaluate(atMs: 120_000)
        #expect(try bench.value("r", atMs: 60_000) == [1] && bench.value("timestamp(r)", atMs: 120_000) == [60])
    }

    @Test func aLimitFailsTheRuleAndEndsItsAlerts() throws {
        let bench = try Bench()
        let group = bench.evaluator(
            Bench.group("  - {alert: A, expr: x}\n  - {record: r, expr: x}\n", extra: "  limit: 1\n"))
        try bench.write([("__name__", "x"), ("i", "a")], 1, atMs: 0)
        group.evaluate(atMs: 0)
        #expect(group.status.rules.map(\.health) == [.ok, .ok])
        try bench.write([("__name__", "x"), ("i", "b")], 1, atMs: 0)
        group.evaluate(atMs: 15_000)
        #expect(
            group.status.rules.map(\.lastError) == [
                "exceeded limit of 1 with 2 alerts", "exceeded limit of 1 with 2 series",
            ])
        #expect(group.status.rules[0].alerts.isEmpty)
    }

    @Test func resultsThatBecomeOneSeriesFailTheRule() throws {
        let bench = try Bench()
        let group = bench.evaluator(
            Bench.group("  - {record: r, expr: x, labels: {i: same}}\n  - {alert: A, expr: x, labels: {i: same}}\n"))
        try bench.write([("__name__", "x"), ("i", "a")], 1, atMs: 0)
        try bench.write([("__name__", "x"), ("i", "b")], 1, atMs: 0)
        group.evaluate(atMs: 0)
        #expect(
            group.status.rules.map(\.lastError) == [
                "vector contains metrics with the same labelset after applying rule labels",
                "vector contains metrics with the same labelset after applying alert labels",
            ])
    }

    @Test func aBrokenTemplateShowsItsErrorInTheAlert() throws {
        let bench = try Bench()
        let group = bench.evaluator(
            Bench.group("  - {alert: A, expr: vector(1), annotations: {d: '{{ humanize \"x\" }}'}}\n"))
        group.evaluate(atMs: 0)
        let text = group.status.rules[0].alerts[0].annotations[0].value
        #expect(
            text.hasPrefix("<error expanding template: error executing template __alert_A: template: __alert_A:1:3:"))
        #expect(group.status.rules[0].health == .ok)
    }

    /// The three cases of Prometheus' restoration, with a hold of 20 minutes and a grace of 10.
    @Test(arguments: [
        // Pending for 5 of 20 minutes, then 10 minutes down: the outage does not count.
        (pendingMinutes: 5, downMinutes: 10, firesAfterMinutes: 15),
        // Pending for 15 of 20 minutes: less than the grace remains, so the grace is waited for.
        (pendingMinutes: 15, downMinutes: 10, firesAfterMinutes: 10),
        // It fired already: it fires at the next evaluation.
        (pendingMinutes: 25, downMinutes: 10, firesAfterMinutes: 1),
        // Down for more than an hour: it begins anew.
        (pendingMinutes: 15, downMinutes: 90, firesAfterMinutes: 20),
    ])
    func alertsGoOnWhereTheyStoodAfterARestart(
        pendingMinutes: Int, downMinutes: Int, firesAfterMinutes: Int
    ) throws {
        let bench = try Bench()
        let rules = Bench.group("  - {alert: A, expr: vector(1), for: 20m}\n")
        let first = bench.evaluator(rules)
        for minute in 0...pendingMinutes { first.evaluate(atMs: Int64(minute) * 60_000) }
        let second = bench.evaluator(rules)
        let restart = pendingMinutes + downMinutes
        var firedAfter: Int?
        for minute in 0...30 where firedAfter == nil {
            second.evaluate(atMs: Int64(restart + minute) * 60_000)
            if second.status.rules[0].alerts.contains(where: { $0.state == .firing }) { firedAfter = minute }
        }
        #expect(firedAfter == firesAfterMinutes)
    }

    @Test func aChangedGroupKeepsWhatItsUnchangedRulesKnow() throws {
        let bench = try Bench()
        let old = bench.evaluator(
            Bench.group("  - {alert: A, expr: vector(1), for: 1m}\n  - {record: gone, expr: vector(1)}\n"))
        for step in 0..<3 { old.evaluate(atMs: Int64(step) * 15_000) }
        let new = bench.evaluator(
            Bench.group("  - {record: new, expr: vector(2)}\n  - {alert: A, expr: vector(1), for: 1m}\n"))
        new.inherit(from: old)
        new.evaluate(atMs: 45_000)
        #expect(new.status.rules[1].alerts[0].activeAtMs == 0)
        #expect(try bench.value("gone", atMs: 45_000) == [] && bench.value("new", atMs: 45_000) == [2])
        new.evaluate(atMs: 60_000)
        #expect(new.status.rules[1].alerts[0].state == .firing)
    }
}

@Suite struct RuleSchedulerTests {
    @Test func groupsAreSpreadOverTheirInterval() {
        var places: Set<Int64> = []
        for index in 0..<100 {
            let first = RuleScheduler.firstMs("f;\(index)", 60_000, after: 1_000_000)
            #expect(first >= 1_000_000 && first < 1_060_000)
            #expect(RuleScheduler.firstMs("f;\(index)", 60_000, after: first) == first)
            #expect(RuleScheduler.firstMs("f;\(index)", 60_000, after: first + 1) == first + 60_000)
            places.insert(first / 6_000)
        }
        #expect(places.count >= 9)
    }

    @Test func evaluatesEachGroupOnItsGridAndMarksTheEndOfThoseThatGo() throws {
        let bench = try Bench()
        let registry = Registry()
        let scheduler = try RuleScheduler(evaluators: 2, registry: registry)
        defer { scheduler.stop() }
        var group = Bench.group("  - {record: r, expr: vector(1)}\n")
        group.intervalMs = 20
        scheduler.replace([group], bench.environment)
        let deadline = SystemTime().monotonicNs + 20_000_000_000
        while scheduler.statuses.first?.lastEvaluationMs == nil, SystemTime().monotonicNs < deadline {}
        let lastMs = try #require(scheduler.statuses.first?.lastEvaluationMs)
        #expect(RuleScheduler.firstMs(group.key, 20, after: lastMs) == lastMs)
        scheduler.replace([], bench.environment)
        #expect(scheduler.statuses.isEmpty)
        let series = try bench.store.series(LabelRequest())
        #expect(series.map { $0["__name__"] } == ["r"])
        #expect(try bench.value("r", atMs: SystemTime().wallMs + 1000) == [])
    }
}

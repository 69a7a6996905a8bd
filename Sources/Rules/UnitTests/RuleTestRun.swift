package import Encoding
import LogQL
import Model
package import Posix
import PromQL
package import Storage
import Telemetry

/// Runs the unit tests of rules: each case on a store of its own, in its own time that begins at 1970.
package struct RuleTestRun {
    package struct Failure: Sendable, CustomStringConvertible {
        package let position: ConfigurationPosition
        package let what: String

        package var description: String { "\(position): \(what)" }
    }

    /// Instants at which one case may evaluate its rules.
    package static let stepsMax = 10_000_000

    private let file: RuleTestFile
    private let groups: [RuleGroup]
    private let workers: Workers
    private let time: any TimeSource

    package init(_ file: RuleTestFile, groups: [RuleGroup], workers: Workers, time: any TimeSource = SystemTime()) {
        self.file = file
        self.workers = workers
        self.time = time
        let order = file.groupOrder
        func rank(_ group: RuleGroup) -> Int { order.firstIndex(of: group.name) ?? -1 }
        self.groups = groups.enumerated()
            .sorted { (rank($0.element), $0.offset) < (rank($1.element), $1.offset) }
            .map(\.element)
    }

    /// What is not as the case says.
    ///
    /// - Parameters:
    ///   - store: empty, for this case alone.
    ///   - logs: the same for lines.
    package func failures(
        of test: RuleTestFile.Case, on store: any MetricStore, logs: any LogStore
    ) -> [Failure] {
        var run = CaseRun(test, groups, store, logs, file: file, workers: workers, time: time)
        run.run()
        return run.failures
    }
}

private struct CaseRun {
    private let test: RuleTestFile.Case
    private let file: RuleTestFile
    private let environment: RuleEnvironment
    private let logs: any LogStore
    private let evaluators: [GroupEvaluator]
    /// How many values of each series are written.
    private var written: [Int]
    private(set) var failures: [RuleTestRun.Failure] = []

    init(
        _ test: RuleTestFile.Case, _ groups: [RuleGroup], _ store: any MetricStore, _ logs: any LogStore,
        file: RuleTestFile, workers: Workers, time: any TimeSource
    ) {
        (self.test, self.file, self.logs) = (test, file, logs)
        var options = EngineOptions()
        options.defaultSubqueryStepMs = file.intervalMs
        let lines = LogEngine(store: logs, time: time)
        let engine = Engine(
            store: store, logs: { (request) throws(QueryError) in try lines.series(request) }, workers: workers,
            options: options, clock: time)
        var environment = RuleEnvironment(engine: engine, store: store)
        environment.logs = lines
        environment.options.intervalMs = file.intervalMs
        environment.context = test.context
        self.environment = environment
        let metrics = RuleMetrics(Registry(time: time))
        evaluators = groups.map { GroupEvaluator($0, environment, metrics, time: time, isRestored: true) }
        written = Array(repeating: 0, count: test.series.count)
    }

    mutating func run() {
        let endMs = (test.alerts.map(\.atMs) + test.expressions.map(\.atMs)).max() ?? 0
        guard endMs / file.intervalMs < RuleTestRun.stepsMax else {
            return fail(
                test.position,
                "the test takes more than \(RuleTestRun.stepsMax) evaluations; raise evaluation_interval")
        }
        if !test.logs.isEmpty { writeLogs(untilMs: endMs) }
        var atMs: Int64 = 0
        while atMs <= endMs {
            write(untilMs: atMs)
            evaluate(atMs)
            for alerts in test.alerts where alerts.atMs >= atMs && alerts.atMs < atMs + file.intervalMs {
                check(alerts)
            }
            atMs += file.intervalMs
        }
        for expression in test.expressions { check(expression) }
    }

    private mutating func fail(_ position: ConfigurationPosition, _ what: String) {
        failures.append(RuleTestRun.Failure(position: position, what: what))
    }

    private mutating func write(untilMs: Int64) {
        var samples = RuleSamples()
        for (place, series) in test.series.enumerated() {
            while written[place] < series.values.count {
                let atMs = Int64(written[place]) * test.intervalMs
                if atMs > untilMs { break }
                switch series.values[written[place]] {
                case .omitted: break
                case .float(let value): samples.add(series.labels, .float(value), atMs: atMs)
                case .histogram(let histogram, _): samples.add(series.labels, .histogram(histogram), atMs: atMs)
                }
                written[place] += 1
            }
        }
        do throws(RuleFailure) {
            for refusal in try samples.write(to: environment.store) { fail(test.position, refusal) }
        } catch {
            fail(test.position, "\(error)")
        }
    }

    /// All at once: no question looks beyond its instant.
    private mutating func writeLogs(untilMs: Int64) {
        var batch = LogBatch()
        var streams: [Labels: Int] = [:]
        for logged in test.logs {
            let stream = streams[logged.stream] ?? batch.appendStream(logged.stream)
            streams[logged.stream] = stream
            for number in 0..<Int64(logged.count) {
                let atMs = logged.atMs + number * logged.everyMs
                if atMs > untilMs { break }
                batch.append(
                    atMs * 1_000_000, stream: stream, Array(logged.line.utf8).span, metadata: logged.metadata)
            }
        }
        do throws(StorageError) {
            let outcome = try logs.append(batch)
            if !outcome.refusals.isEmpty { fail(test.position, outcome.sentence) }
        } catch {
            fail(test.position, "the lines cannot be written: \(error)")
        }
    }

    private mutating func evaluate(_ atMs: Int64) {
        for evaluator in evaluators {
            evaluator.evaluate(atMs: atMs)
            for rule in evaluator.status.rules where rule.health == .err {
                fail(
                    rule.rule.position,
                    "rule \(Quoted.text(rule.rule.name)) at \(Durations.text(ofMs: atMs)): \(rule.lastError)")
            }
        }
    }
}

/// Comparing.
extension CaseRun {
    private func titled(_ what: String) -> String { test.name.isEmpty ? what : "\(test.name): \(what)" }

    private mutating func check(_ expected: RuleTestFile.ExpectedAlerts) {
        var found: [(labels: Labels, annotations: [String: String])] = []
        for rule in evaluators.flatMap(\.status.rules) where rule.rule.isAlerting && rule.rule.name == expected.name {
            for alert in rule.alerts where alert.state == .firing {
                let annotations = Dictionary(alert.annotations.map { ($0.name, $0.value) }) { first, _ in first }
                found.append((alert.labels, annotations))
            }
        }
        let wanted = Self.texts(expected.alerts)
        let got = Self.texts(found)
        if wanted == got { return }
        fail(
            expected.position,
            titled("alertname \(expected.name) at \(Durations.text(ofMs: expected.atMs)):")
                + "\n    expected: \(Self.list(wanted))\n    got:      \(Self.list(got))")
    }

    private static func texts(_ alerts: [(labels: Labels, annotations: [String: String])]) -> [String] {
        alerts.map { alert in
            let annotations = alert.annotations.sorted { $0.key < $1.key }
                .map { "\($0.key)=\(Quoted.text($0.value))" }.joined(separator: ", ")
            return "{\(text(alert.labels))} annotations {\(annotations)}"
        }.sorted()
    }

    private static func text(_ labels: Labels) -> String {
        labels.pairs.map { "\($0.name)=\(Quoted.text($0.value))" }.joined(separator: ", ")
    }

    private static func list(_ texts: [String]) -> String {
        texts.isEmpty ? "nothing" : texts.joined(separator: "\n              ")
    }

    private mutating func check(_ expected: RuleTestFile.ExpectedSamples) {
        let got: [(labels: Labels, point: Point)]
        do throws(RuleFailure) {
            got = try environment.evaluate(expected.expression, atMs: expected.atMs).points
                .sorted { $0.labels < $1.labels }
        } catch {
            return fail(expected.position, titled("expr \(Quoted.text(expected.text)): \(error)"))
        }
        let wanted = expected.samples.sorted { $0.labels < $1.labels }
        let isEqual =
            got.count == wanted.count
            && zip(wanted, got).allSatisfy { $0.labels == $1.labels && agrees($0.value, $1.point) }
        if isEqual { return }
        fail(
            expected.position,
            titled("expr \(Quoted.text(expected.text)) at \(Durations.text(ofMs: expected.atMs)):")
                + "\n    expected: \(Self.list(wanted.map { Self.text($0.labels, $0.value) }))"
                + "\n    got:      \(Self.list(got.map { "{\(Self.text($0.labels))} \(Self.text($0.point))" }))")
    }

    private static func text(_ labels: Labels, _ value: SeriesDescription.Value) -> String {
        let shown =
            switch value {
            case .omitted: "nothing"
            case .float(let value): FloatText.sample(value)
            case .histogram(let histogram, _): "\(histogram)"
            }
        return "{\(text(labels))} \(shown)"
    }

    private static func text(_ point: Point) -> String {
        switch point {
        case .float(let value): FloatText.sample(value)
        case .histogram(let histogram): "\(histogram)"
        }
    }

    private func agrees(_ wanted: SeriesDescription.Value, _ got: Point) -> Bool {
        switch (wanted, got) {
        case (.float(let wanted), .float(let got)):
            if wanted == got || (wanted.isNaN && got.isNaN) { return true }
            // A hundred thousandth of a percent apart is rounding.
            return file.comparesRoughly && (wanted - got).magnitude <= 1e-6 * min(wanted.magnitude, got.magnitude)
        case (.histogram(let wanted, _), .histogram(let got)):
            return wanted.compacted().native.withoutHint == got.compacted().native.withoutHint
        default: return false
        }
    }
}

extension NativeHistogram {
    /// What is compared: how counters went before is no part of a value.
    fileprivate var withoutHint: NativeHistogram {
        var copy = self
        copy.counterResetHint = .unknown
        return copy
    }
}

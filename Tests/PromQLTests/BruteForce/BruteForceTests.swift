import Foundation
import Model
import Posix
import Storage
import TestSupport
import Testing

@testable import PromQL

/// Generated expressions through the engine and through an evaluator that does nothing cleverly, which must agree: what
/// only Prometheus 3.x has included, on series with gaps, resets, stale markers, NaN and native histograms.
///
/// Not generated: `anchored`, `smoothed`, trims and `info`, whose rules are long, and which Prometheus' own scripts
/// prove. Not compared: rates of histograms, and years beyond Foundation's calendar.
@Suite struct BruteForceTests {
    private static let tolerance = 1e-9
    private static let samples = 40

    @Test func theEngineAgreesWithTheNaiveEvaluator() throws {
        let environment = ProcessInfo.processInfo.environment
        let count = environment["OBS_PROMQL_NAIVE"].flatMap { Int($0) } ?? 500
        let seeds = SeededGenerator.announced()
        var tree = ExpressionTree(seeds, parts: .histograms)
        let data = OddSeries(seed: seeds.seed, samples: Self.samples)
        let workers = try Workers(helpers: 1)
        defer { workers.stop() }
        var options = EngineOptions()
        options.helpFrom = 500
        let engine = Engine(store: try data.store(), workers: workers, options: options)
        var compared = 0
        var leftOut = 0
        var differences = 0
        while compared < count {
            let query = tree.expression(depth: 2)
            let start = OddSeries.startMs + Int64(tree.number(below: Self.samples)) * OddSeries.intervalMs
            let steps = Int64(tree.number(below: 6))
            let step = OddSeries.intervalMs * Int64(1 + tree.number(below: 6))
            let expression: PromQL.Expression
            do { expression = try Parser.parse(query) } catch {
                Issue.record("\(query): \(error)")
                continue
            }
            let naive = NaiveEvaluator(data, startMs: start, endMs: start + steps * step, stepMs: step)
            let outcome = Self.compare(expression, query, naive, engine)
            if case .leftOut = outcome { leftOut += 1 } else { compared += 1 }
            if case .different(let text) = outcome {
                differences += 1
                if differences <= 20 { Issue.record("\(query) @ \(start) + \(steps) * \(step): \(text)") }
            }
        }
        print("\(compared) expressions compared with the naive evaluator, \(differences) differ, \(leftOut) left out")
        #expect(differences == 0)
    }

    private enum Outcome {
        case same, leftOut
        case different(String)
    }

    private static func compare(
        _ expression: PromQL.Expression, _ query: String, _ naive: NaiveEvaluator, _ engine: Engine
    ) -> Outcome {
        var expected: [Int64: [Labels: Point]] = [:]
        var failure: String?
        var time = naive.startMs
        while time <= naive.endMs, failure == nil {
            do {
                expected[time] = try naive.result(expression, at: time)
            } catch let error as NaiveEvaluator.Failure {
                if error.text.hasSuffix("not compared") { return .leftOut }
                failure = error.text
            } catch {
                failure = "\(error)"
            }
            time += naive.stepMs
        }
        let result: QueryResult
        do {
            result = try engine.range(
                expression, startMs: naive.startMs, endMs: naive.endMs, stepMs: naive.stepMs)
        } catch {
            return failure == nil ? .different("only the engine fails: \(error)") : .same
        }
        if let failure { return .different("only the naive evaluator fails: \(failure)") }
        guard case .matrix(let frame) = result.value else { return .different("no matrix") }
        return difference(frame, expected).map(Outcome.different) ?? .same
    }

    private static func difference(_ frame: Frame, _ expected: [Int64: [Labels: Point]]) -> String? {
        var seen: [Int64: Set<Labels>] = [:]
        for row in 0..<frame.count {
            let labels = frame.labels.labels(row)
            for step in 0..<frame.grid.count {
                guard let point = frame.point(row, step) else { continue }
                let time = frame.grid.timeMs(step)
                seen[time, default: []].insert(labels)
                guard let wanted = expected[time]?[labels] else {
                    return "only the engine has \(labels.text) at \(time)"
                }
                if !areEqual(point, wanted) { return "\(labels.text) at \(time): engine \(point), naive \(wanted)" }
            }
        }
        for (time, points) in expected {
            for labels in points.keys where !(seen[time]?.contains(labels) ?? false) {
                return "only the naive evaluator has \(labels.text) at \(time)"
            }
        }
        return nil
    }

    private static func areEqual(_ a: Point, _ b: Point) -> Bool {
        switch (a, b) {
        case (.float(let a), .float(let b)):
            return Nearness.areEqual(a, b, tolerance: tolerance) || (a - b).magnitude < 1e-6
        case (.histogram(let a), .histogram(let b)):
            return Nearness.areEqual(a.count, b.count, tolerance: tolerance)
                && Nearness.areEqual(a.sum, b.sum, tolerance: tolerance)
                && a.buckets.filter { $0.count != 0 }.count == b.buckets.filter { $0.count != 0 }.count
        default: return false
        }
    }
}

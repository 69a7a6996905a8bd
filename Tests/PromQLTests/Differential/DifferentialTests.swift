import Encoding
import Foundation
import Model
import Posix
import PromQL
import Storage
import TestSupport
import Testing

/// Generated expressions through the engine and through Debian's Prometheus, which must agree.
@Suite struct DifferentialTests {
    private static let tolerance = 1e-9

    @Test func theEngineAgreesWithPrometheus242() throws {
        let environment = ProcessInfo.processInfo.environment
        guard Peer.exists("prometheus"), Peer.exists("promtool") else {
            print("no prometheus here: the engine is not compared with it")
            #expect(environment["OBS_CI"] == nil, "Prometheus is part of CI")
            return
        }
        let count = environment["OBS_PROMQL_EXPRESSIONS"].flatMap { Int($0) } ?? 500
        let seeds = SeededGenerator.announced()
        var expressions = ExpressionGenerator(seeds)
        let data = DifferentialData(seed: seeds.seed)
        let peer = try PrometheusPeer(data.writeBodies())
        let workers = try Workers(helpers: 1)
        defer { workers.stop() }
        var options = EngineOptions()
        options.features = .stock
        let engine = Engine(store: try data.store(), workers: workers, options: options)
        var compared = 0
        var differences = 0
        var magnified: [String] = []
        while compared < count {
            let questions = (0..<min(500, count - compared)).map { _ in Self.question(&expressions) }
            for (question, answer) in zip(questions, try peer.ask(questions)) {
                compared += 1
                guard let difference = Self.difference(question, answer, engine) else { continue }
                let sentence = "\(question.query) @ \(question.start)...: \(difference)"
                if difference.isOfValues, Self.magnifiesLastDigits(question.query) {
                    magnified.append(sentence)
                    continue
                }
                differences += 1
                if differences <= 20 { Issue.record("\(sentence)") }
            }
        }
        print("\(compared) expressions compared with Prometheus, \(differences) differ")
        print("\(magnified.count) more differ by the last digit of a power that a period magnifies:")
        for sentence in magnified { print("  \(sentence)") }
        #expect(differences == 0)
        #expect(magnified.count <= 1 + count / 2000)
    }

    /// Whether digits beyond those that two libraries agree on decide the value: of a power, whose last digit Go and glibc
    /// round differently, after a sine or a remainder has taken the leading ones away.
    private static func magnifiesLastDigits(_ query: String) -> Bool {
        ["^", "exp("].contains { query.contains($0) } && ["cos(", "sin(", "%"].contains { query.contains($0) }
    }

    /// What differs between two answers.
    private struct Difference: CustomStringConvertible {
        let description: String
        /// Both have the point; its value is another.
        var isOfValues = false

        init(_ description: String, isOfValues: Bool = false) {
            (self.description, self.isOfValues) = (description, isOfValues)
        }
    }

    /// Instants are 17 s behind the full minute: off every step of a subquery and every sample.
    private static func question(_ expressions: inout ExpressionGenerator) -> PrometheusPeer.Question {
        let first = Double(DifferentialData.startMs / 60_000 * 60 + 17)
        let start = first + Double(expressions.number(below: 80)) * 60
        let isRange = expressions.number(below: 2) == 0
        let step = isRange ? Double(60 * (1 + expressions.number(below: 5))) : 0
        return PrometheusPeer.Question(
            query: expressions.expression(), start: start,
            end: isRange ? start + Double(expressions.number(below: 20)) * step : start, step: step)
    }

    private static func difference(
        _ question: PrometheusPeer.Question, _ answer: [String: Any], _ engine: Engine
    ) -> Difference? {
        let theirError = answer["error"] as? String
        let ours: QueryResult
        do {
            let expression = try Parser.parse(question.query, features: .stock)
            let start = Int64(question.start * 1000)
            ours =
                question.step == 0
                ? try engine.instant(expression, atMs: start)
                : try engine.range(
                    expression, startMs: start, endMs: Int64(question.end * 1000), stepMs: Int64(question.step * 1000))
        } catch {
            return theirError == nil ? Difference("only obs fails: \(error)") : nil
        }
        if let theirError { return Difference("only Prometheus fails: \(theirError)") }
        guard let theirs = answer["data"] as? [String: Any] else { return Difference("no data") }
        return difference(ours, Answer(theirs), choosesAmongEquals: question.query.contains("topk"))
    }

    /// A float, or the count, the sum and the filled buckets of a histogram.
    private typealias Point = [Double]

    /// Series with their points by time, however they came.
    private struct Answer {
        var series: [Labels: [Int64: Point]] = [:]

        init(_ data: [String: Any]) {
            if let pair = data["result"] as? [Any], data["resultType"] as? String == "scalar" {
                series[.empty] = [Self.time(pair): [Self.number(pair[1])]]
                return
            }
            for one in data["result"] as? [[String: Any]] ?? [] {
                let labels = Labels((one["metric"] as? [String: String] ?? [:]).map { ($0.key, $0.value) })
                let pairs = (one["values"] as? [[Any]] ?? []) + [one["value"] as? [Any]].compactMap { $0 }
                for pair in pairs { series[labels, default: [:]][Self.time(pair)] = [Self.number(pair[1])] }
                let histograms = (one["histograms"] as? [[Any]] ?? []) + [one["histogram"] as? [Any]].compactMap { $0 }
                for pair in histograms { series[labels, default: [:]][Self.time(pair)] = Self.histogram(pair) }
            }
        }

        private static func time(_ pair: [Any]) -> Int64 { Int64(((pair[0] as? Double ?? 0) * 1000).rounded()) }
        private static func number(_ text: Any?) -> Double { FloatReading.float(text as? String ?? "") ?? .nan }

        private static func histogram(_ pair: [Any]) -> Point {
            guard let members = pair[1] as? [String: Any] else { return [] }
            let buckets = members["buckets"] as? [[Any]] ?? []
            return [number(members["count"]), number(members["sum"])] + buckets.map { number($0[3]) }
        }
    }

    /// - Parameter choosesAmongEquals: which of several series with the same value are in the answer changed between 2.42
    ///   and 3.0, so only the values have to agree.
    private static func difference(
        _ ours: QueryResult, _ theirs: Answer, choosesAmongEquals: Bool
    ) -> Difference? {
        var mine: [Labels: [Int64: Point]] = [:]
        switch ours.value {
        case .scalar(let value): mine[.empty] = [ours.grid.startMs: [value]]
        case .vector(let frame), .matrix(let frame):
            for row in 0..<frame.count {
                for step in 0..<frame.grid.count {
                    let point: Point
                    switch frame.point(row, step) {
                    case .float(let value): point = [value]
                    case .histogram(let value):
                        point = [value.count, value.sum] + value.buckets.map(\.count).filter { $0 != 0 }
                    case nil: continue
                    }
                    mine[frame.labels.labels(row), default: [:]][frame.grid.timeMs(step)] = point
                }
            }
        case .string, .samples: return Difference("an unexpected kind of result")
        }
        if choosesAmongEquals, ranking(mine) == ranking(theirs.series) { return nil }
        for labels in Set(mine.keys).union(theirs.series.keys) {
            guard let left = mine[labels] else { return Difference("only Prometheus has \(labels.text)") }
            guard let right = theirs.series[labels] else { return Difference("only obs has \(labels.text)") }
            for time in Set(left.keys).union(right.keys).sorted() {
                guard let a = left[time], let b = right[time] else {
                    return Difference(
                        "\(labels.text) at \(time): obs \(String(describing: left[time])), Prometheus \(String(describing: right[time]))"
                    )
                }
                // Differences of large numbers lose digits that are no part of the result's precision.
                let isNear =
                    a.count == b.count
                    && zip(a, b).allSatisfy {
                        Nearness.areEqual($0, $1, tolerance: tolerance) || ($0 - $1).magnitude < 1e-6
                    }
                if !isNear {
                    return Difference("\(labels.text) at \(time): obs \(a), Prometheus \(b)", isOfValues: true)
                }
            }
        }
        return nil
    }

    /// The values at each time, in order.
    private static func ranking(_ series: [Labels: [Int64: Point]]) -> [Int64: [Point]] {
        var ranking: [Int64: [Point]] = [:]
        for (time, point) in series.values.joined() { ranking[time, default: []].append(point) }
        return ranking.mapValues { $0.sorted { $0.lexicographicallyPrecedes($1) } }
    }
}

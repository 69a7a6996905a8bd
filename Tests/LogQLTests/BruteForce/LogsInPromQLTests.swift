import Encoding
import Foundation
import LogQL
import Model
import Posix
import PromQL
import Storage
import TestSupport
import Testing

/// `logs("...")` beside a metric: what PromQL makes of the two is what each side gives by itself, put together here.
@Suite struct LogsInPromQLTests {
    private static let stepsMs: [Int64] = (1...6).map { $0 * 100_000 }
    private static let lookbackMs: Int64 = 300_000

    /// A value at each step for each value of `app`, "" for none.
    private typealias Side = [String: [Double?]]

    /// OBS_LOGQL_PAIRS makes it a long run; OBS_LOGQL_SEED repeats one.
    @Test func generatedPairsGiveWhatBothSidesGiveApart() throws {
        let environment = ProcessInfo.processInfo.environment
        let wanted = environment["OBS_LOGQL_PAIRS"].flatMap { Int($0) } ?? 200
        let seed = environment["OBS_LOGQL_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...UInt64(UInt32.max))
        print("OBS_LOGQL_SEED=\(seed)")
        var random = SeededGenerator(seed: seed)
        let entries = GeneratedLogs.entries(400, &random)
        let logs = MemoryLogStore()
        _ = try logs.append(GeneratedLogs.batch(entries))
        let lines = LogEngine(store: logs)
        let metrics = MemoryMetricStore()
        let orders = try Self.fill(metrics, &random)
        let engine = Engine(
            store: metrics, logs: { request throws(QueryError) in try lines.series(request) },
            workers: try Workers(helpers: 0))
        let plain = PlainEvaluator(entries: entries)
        var compared = 0
        while compared < wanted {
            let query = GeneratedQuery.random(&random)
            if query.function.isEmpty { continue }
            compared += 1
            let operation = GeneratedLogs.one(of: ["+", "-", "*", "/", ">", "<=", "and", "or", "unless"], &random)
            let logsFirst = Bool.random(using: &random)
            let sides = ["sum by (app) (orders)", "sum by (app) (logs(\(Quoted.text(query.text))))"]
            let text = "\(sides[logsFirst ? 1 : 0]) \(operation) on (app) \(sides[logsFirst ? 0 : 1])"
            let steps = Self.stepsMs.map { $0 * 1_000_000 }
            let expected = try? Self.byApp(plain.rows(query, steps: steps))  // both fail
            if let expected, [">", "<="].contains(operation), Self.isCloseCall(expected, orders) { continue }
            let found = try? Self.side(engine, text)  // compared below
            let combined = expected.map {
                Self.combined(operation, logsFirst ? $0 : orders, logsFirst ? orders : $0)
            }
            #expect(Self.areAlike(found, combined), "\(text)\ngives \(found as Any)\ninstead of \(combined as Any)")
        }
        print("generated pairs: \(compared)")
    }

    /// Writes a series for each app with samples at some steps.
    ///
    /// - Returns: what PromQL sees of them at each step.
    private static func fill(_ store: MemoryMetricStore, _ random: inout SeededGenerator) throws -> Side {
        var side: Side = [:]
        var batch = SampleBatch()
        for app in ["a", "b", "x1"] {
            let samples = stepsMs.filter { _ in Int.random(in: 0..<3, using: &random) > 0 }.map {
                (timestampMs: $0, value: Double(Int.random(in: -3...9, using: &random)))
            }
            batch.append(Labels([("__name__", "orders"), ("app", app)]), samples)
            let values = stepsMs.map { at in
                samples.last { $0.timestampMs <= at && $0.timestampMs > at - lookbackMs }?.value
            }
            if values.contains(where: { $0 != nil }) { side[app] = values }
        }
        _ = try store.append(&batch)
        return side
    }

    private static func side(_ engine: Engine, _ text: String) throws -> Side {
        let result = try engine.range(
            try Parser.parse(text), startMs: stepsMs[0], endMs: stepsMs[5], stepMs: stepsMs[1] - stepsMs[0])
        guard case .matrix(let frame) = result.value else { return [:] }
        var side: Side = [:]
        for row in 0..<frame.count {
            side[frame.labels.labels(row)["app"]] = stepsMs.indices.map {
                frame.isPresent(row, $0) ? frame.values[frame.cells(row).lowerBound + $0] : nil
            }
        }
        return side.filter { $0.value.contains { $0 != nil } }
    }

    /// The sums of rows by their `app`.
    private static func byApp(_ rows: [String: [Double?]]) -> Side {
        var side: Side = [:]
        for (labels, values) in rows.sorted(by: { $0.key < $1.key }) {
            let pair = labels.split(separator: ",").first { $0.hasPrefix("app=\"") }
            let app = pair.map { String($0.dropFirst(5).dropLast()) } ?? ""
            let known = side[app] ?? [Double?](repeating: nil, count: values.count)
            side[app] = zip(known, values).map { a, b in a.map { $0 + (b ?? 0) } ?? b }
        }
        return side
    }

    private static func combined(_ operation: String, _ left: Side, _ right: Side) -> Side {
        var side: Side = [:]
        for app in Set(left.keys).union(right.keys) {
            side[app] = stepsMs.indices.map { step in
                let (a, b) = (left[app]?[step], right[app]?[step])
                return value(operation, a ?? nil, b ?? nil)
            }
        }
        return side.filter { $0.value.contains { $0 != nil } }
    }

    /// Whether numbers somewhere are one but for the rounding of their sums, so that nobody knows which is the larger one.
    private static func isCloseCall(_ left: Side, _ right: Side) -> Bool {
        left.contains { app, values in
            zip(values, right[app] ?? []).contains { a, b in
                guard let a, let b else { return false }
                return a != b && abs(a - b) <= 1e-9 * max(abs(a), abs(b))
            }
        }
    }

    private static func value(_ operation: String, _ left: Double?, _ right: Double?) -> Double? {
        switch operation {
        case "or": return left ?? right
        case "unless": return right == nil ? left : nil
        case "and": return right == nil ? nil : left
        default: break
        }
        guard let left, let right else { return nil }
        switch operation {
        case "+": return left + right
        case "-": return left - right
        case "*": return left * right
        case "/": return left / right
        case ">": return left > right ? left : nil
        default: return left <= right ? left : nil
        }
    }

    private static func areAlike(_ found: Side?, _ expected: Side?) -> Bool {
        guard let found, let expected else { return found == nil && expected == nil }
        guard found.keys.sorted() == expected.keys.sorted() else { return false }
        return found.allSatisfy { app, values in
            zip(values, expected[app] ?? []).allSatisfy { a, b in
                guard let a, let b else { return a == nil && b == nil }
                return a == b || (a.isNaN && b.isNaN) || abs(a - b) <= 1e-9 * max(abs(a), abs(b))
            }
        }
    }
}

import Foundation
import LogDB
import LogQL
import Model
import PromQL
import Storage
import TestSupport
import Testing

@Suite struct BruteForceTests {
    private static let steps: [Int64] = (1...6).map { $0 * 100_000_000_000 }

    /// OBS_LOGQL_QUERIES makes it a long run; OBS_LOGQL_SEED repeats one.
    @Test func generatedQueriesGiveWhatAPlainEvaluatorGives() throws {
        let environment = ProcessInfo.processInfo.environment
        let wanted = environment["OBS_LOGQL_QUERIES"].flatMap { Int($0) } ?? 400
        let seed = environment["OBS_LOGQL_SEED"].flatMap { UInt64($0) } ?? .random(in: 0...UInt64(UInt32.max))
        print("OBS_LOGQL_SEED=\(seed)")
        var random = SeededGenerator(seed: seed)
        let directory = TemporaryDirectory()
        let database = try LogDatabase(directory: directory.file("logs"))
        let entries = GeneratedLogs.entries(400, &random)
        _ = try database.append(GeneratedLogs.batch(entries.prefix(250)))
        try database.flush()
        _ = try database.append(GeneratedLogs.batch(entries.dropFirst(250)))
        let memory = MemoryLogStore()
        _ = try memory.append(GeneratedLogs.batch(entries))
        let plain = PlainEvaluator(entries: entries)
        let stores: [(name: String, engine: LogEngine)] = [
            ("parts and head", LogEngine(store: database)), ("memory", LogEngine(store: memory)),
        ]
        var failed = 0
        for _ in 0..<wanted where failed < 5 {
            let query = GeneratedQuery.random(&random)
            for store in stores {
                guard let difference = try difference(query, store.engine, plain) else { continue }
                failed += 1
                Issue.record("\(store.name): \(query.text)\n\(difference)")
            }
        }
        try database.close()
        print("generated queries: \(wanted), different: \(failed)")
    }

    /// What a query gives otherwise than its meaning; nil for nothing.
    func difference(
        _ query: GeneratedQuery, as text: String? = nil, _ engine: LogEngine, _ plain: PlainEvaluator
    ) throws -> String? {
        switch try LogQuery(parsing: text ?? query.text) {
        case .lines(let selector):
            let found = try engine.lines(.init(selector, startNs: 0, endNs: .max, limit: 10_000)).lines
            let shown = found.map(Self.line).sorted()
            let wanted = plain.lines(query)
            if shown == wanted { return nil }
            let extra = Set(shown).subtracting(wanted).min()
            let missing = Set(wanted).subtracting(shown).min()
            return "\(shown.count) lines, wanted \(wanted.count)\nextra: \(extra as Any)\nmissing: \(missing as Any)"
        case .metric(let expression):
            let wanted: [String: [Double?]]?
            do {
                wanted = try plain.rows(query, steps: Self.steps)
            } catch is PlainEvaluator.Failure {
                wanted = nil
            }
            do throws(QueryError) {
                let value = try engine.metric(
                    expression, startNs: Self.steps[0], endNs: Self.steps[5], stepNs: 100_000_000_000
                ).value
                guard let wanted else { return "does not fail" }
                return Self.difference(value, wanted)
            } catch {
                return wanted == nil ? nil : "fails: \(error)"
            }
        }
    }

    private static func line(_ line: ResultLine) -> PlainEvaluator.Line {
        var labels = dictionary(line.labels)
        let error = labels.removeValue(forKey: "__error__")
        labels["__error_details__"] = nil
        return .init(
            ns: line.timestampNs, line: String(decoding: line.line, as: UTF8.self),
            labels: PlainEvaluator.text(labels) + (error.map { "!\($0)" } ?? ""))
    }

    private static func dictionary(_ labels: Labels) -> [String: String] {
        Dictionary(labels.pairs.map { ($0.name, $0.value) }) { $1 }
    }

    private static func difference(_ value: MetricValue, _ wanted: [String: [Double?]]) -> String? {
        guard case .rows(let rows) = value else { return "a number, not series" }
        var found: [String: [Double?]] = [:]
        for row in 0..<rows.count {
            found[PlainEvaluator.text(dictionary(rows.labels[row]))] = (0..<rows.steps).map { rows.value(row, $0) }
        }
        for key in Set(found.keys).union(wanted.keys).sorted() {
            guard let own = found[key], let other = wanted[key], zip(own, other).allSatisfy(isEqual) else {
                return "{\(key)}: \(found[key] as Any), wanted \(wanted[key] as Any)"
            }
        }
        return nil
    }

    private static func isEqual(_ a: Double?, _ b: Double?) -> Bool {
        guard let a, let b else { return a == nil && b == nil }
        return abs(a - b) <= 1e-9 * max(1, abs(a), abs(b))
    }
}

import Foundation
import LogQL
import TestSupport
import Testing

/// Loki's own scripts, found by OBS_CONFORMANCE.
@Suite struct LogConformanceTests {
    /// Evaluations that do not give what the script says, each with the reason.
    static let exceptions: [String: String] = [:]

    private static func folder(_ name: String) -> URL? {
        let environment = ProcessInfo.processInfo.environment
        guard let folder = environment["OBS_CONFORMANCE"] else {
            print("OBS_CONFORMANCE is not set: Loki's scripts are not run")
            #expect(environment["OBS_CI"] == nil, "the scripts are part of CI")
            return nil
        }
        return URL(fileURLWithPath: folder).appendingPathComponent(name)
    }

    @Test func lokisScriptsPass() throws {
        guard let scripts = Self.folder("logqltest") else { return }
        let files = try FileManager.default.contentsOfDirectory(atPath: scripts.path)
            .filter { $0.hasSuffix(".logqltest") }
        #expect(files.count == 6)
        var (evaluations, passed) = (0, 0)
        for file in files.sorted() {
            var runner = LogScriptRunner()
            try runner.run(String(contentsOf: scripts.appendingPathComponent(file), encoding: .utf8))
            for failure in runner.failures {
                let name = "\(file):\(failure.line)"
                if let reason = Self.exceptions[name] {
                    print("exception \(name): \(reason)")
                } else {
                    Issue.record("\(name): \(failure.description)")
                }
            }
            evaluations += runner.evaluations
            passed += runner.evaluations - runner.failures.count
        }
        print("logqltest: \(passed) of \(evaluations) evaluations pass")
        #expect(evaluations == 572)
    }

    /// Its queries carry no answers: each is held against its meaning, written here by hand, evaluated entry by entry.
    @Test func queriesOfLokisBenchmarkGiveWhatAPlainEvaluatorGives() throws {
        guard let folder = Self.folder("logql-bench-queries") else { return }
        var random = SeededGenerator.announced()
        let entries = GeneratedLogs.entries(400, &random).map { entry in
            var entry = entry
            entry.stream["service_name"] = GeneratedLogs.one(of: ["shop", "web"], &random)
            entry.metadata["detected_level"] = GeneratedLogs.one(of: ["error", "warn", "info", "debug"], &random)
            if entry.format == .plain { entry.metadata["error"] = GeneratedLogs.one(of: ["e1", "e2"], &random) }
            return entry
        }
        let store = MemoryLogStore()
        _ = try store.append(GeneratedLogs.batch(entries))
        let (engine, plain) = (LogEngine(store: store), PlainEvaluator(entries: entries))
        let queries = try Self.benchmarkQueries(folder)
        #expect(queries.count == 15)
        for query in queries {
            let canonical = QueryText.text(try LogQuery(parsing: query))
            let meaning = try #require(
                try Self.meanings.first { QueryText.text(try LogQuery(parsing: $0.text)) == canonical }, "\(query)")
            let difference = try BruteForceTests().difference(meaning, as: query, engine, plain)
            #expect(difference == nil, "\(query)")
        }
        print("queries of Loki's benchmark that agree with the plain evaluator: \(queries.count)")
    }

    private static func benchmarkQueries(_ folder: URL) throws -> [String] {
        let values = [
            "${SELECTOR}": #"{app=~".+"}"#, "${LABEL_NAME}": "level", "${LABEL_VALUE}": "error", "${RANGE}": "5m",
        ]
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        return try files.flatMap { file in
            let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            return text.split(separator: "\n").compactMap { line -> String? in
                guard let start = line.firstRange(of: " query: ") else { return nil }
                var query = String(line[start.upperBound...])
                if query.hasPrefix("'") { query = String(query.dropFirst().dropLast()) }
                return values.reduce(query) { $0.replacing($1.key, with: $1.value) }
            }
        }
    }

    private static let meanings: [GeneratedQuery] = {
        func lines(_ stages: GeneratedQuery.Stage...) -> GeneratedQuery { GeneratedQuery(app: ".+", stages: stages) }
        func sum(_ function: String, _ stages: GeneratedQuery.Stage...) -> GeneratedQuery {
            GeneratedQuery(app: ".+", stages: stages, function: function, rangeSeconds: 300, outer: ("sum", nil))
        }
        let isBad = GeneratedQuery.Stage.among("detected_level", ["error", "warn"])
        return [
            lines(), lines(.contains("level", isNegative: false)), lines(.folded("error", isNegative: false)),
            lines(.folded("debug", isNegative: true)), lines(.text("level", "=", "error")),
            lines(.contains("this will not hit any line", isNegative: false)), sum("count_over_time"),
            sum("count_over_time", isBad), sum("rate", isBad),
            sum("count_over_time", .contains("level", isNegative: false)), lines(.logfmt, .line("error")),
            lines(.logfmt, .text("field_that_does_not_exist", "=", "")), lines(.setEmpty("new_field")),
            lines(.rename("renamed_label", "service_name")), lines(.logfmt),
        ]
    }()
}

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

    /// Its queries carry no answers: they have to read and run, and to read back from their canonical form.
    @Test func queriesOfLokisBenchmarkRun() throws {
        guard let folder = Self.folder("logql-bench-queries") else { return }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        let store = MemoryLogStore()
        var random = SeededGenerator(seed: 7)
        _ = try store.append(GeneratedLogs.batch(GeneratedLogs.entries(200, &random)))
        let engine = LogEngine(store: store)
        let values = [
            "${SELECTOR}": #"{app=~".+"}"#, "${LABEL_NAME}": "level", "${LABEL_VALUE}": "error", "${RANGE}": "5m",
        ]
        var count = 0
        for file in files {
            let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            for line in text.split(separator: "\n") {
                guard let start = line.firstRange(of: " query: ") else { continue }
                var query = String(line[start.upperBound...])
                if query.hasPrefix("'") { query = String(query.dropFirst().dropLast()) }
                for (name, value) in values { query = query.replacing(name, with: value) }
                count += 1
                let parsed = try LogQuery(parsing: query)
                let canonical = QueryText.text(parsed)
                #expect(QueryText.text(try LogQuery(parsing: canonical)) == canonical)
                switch parsed {
                case .lines(let selector):
                    let lines = try engine.lines(.init(selector, startNs: 0, endNs: .max, limit: 1000)).lines
                    #expect(lines.count <= 200)
                case .metric(let expression):
                    let value = try engine.metric(
                        expression, startNs: 60_000_000_000, endNs: 300_000_000_000, stepNs: 60_000_000_000
                    ).value
                    guard case .rows(let rows) = value else {
                        Issue.record("\(query) gives a number")
                        continue
                    }
                    #expect(rows.steps == 5)
                }
            }
        }
        #expect(count == 15)
    }
}

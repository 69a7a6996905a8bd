import Foundation
import Posix
import PromQL
import Testing

/// Prometheus' own scripts, found by OBS_CONFORMANCE.
@Suite struct ConformanceTests {
    /// Evaluations that do not give what the script says, each with the reason.
    static let exceptions: [String: String] = [:]

    @Test func prometheusScriptsPass() throws {
        let environment = ProcessInfo.processInfo.environment
        guard let folder = environment["OBS_CONFORMANCE"] else {
            print("OBS_CONFORMANCE is not set: Prometheus' scripts are not run")
            #expect(environment["OBS_CI"] == nil, "the scripts are part of CI")
            return
        }
        let scripts = URL(fileURLWithPath: folder).appendingPathComponent("promqltest")
        let files = try FileManager.default.contentsOfDirectory(atPath: scripts.path).filter { $0.hasSuffix(".test") }
        #expect(!files.isEmpty)
        let workers = try Workers(helpers: 1)
        defer { workers.stop() }
        var evaluations = 0
        for file in files.sorted() {
            var runner = ScriptRunner(workers)
            try runner.run(String(contentsOf: scripts.appendingPathComponent(file), encoding: .utf8))
            evaluations += runner.evaluations
            for failure in runner.failures {
                let name = "\(file):\(failure.line)"
                if let reason = Self.exceptions[name] {
                    print("exception \(name): \(reason)")
                } else {
                    Issue.record("\(file) \(failure)")
                }
            }
            print("\(file): \(runner.evaluations - runner.failures.count) of \(runner.evaluations) evaluations pass")
        }
        print("\(evaluations) evaluations")
    }
}

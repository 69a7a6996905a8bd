import Foundation
import LogQL
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
}

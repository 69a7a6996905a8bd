import Encoding
import Foundation
import Posix
import PromQL
import TestSupport
import Testing

@testable import Rules

/// The rule files and unit tests of other projects, found by OBS_CONFORMANCE, with the verdicts of VERDICTS.tsv.
@Suite struct ConformanceTests {
    private struct Row {
        let path: String
        let check: String
        let isAccepted: Bool
    }

    private static func folder() -> String? {
        let environment = ProcessInfo.processInfo.environment
        if let folder = environment["OBS_CONFORMANCE"] { return folder }
        print("OBS_CONFORMANCE is not set: the rule files of others are not read")
        #expect(environment["OBS_CI"] == nil, "the files are part of CI")
        return nil
    }

    private static func rows(_ folder: String) throws -> [Row] {
        let text = try String(contentsOfFile: folder + "/VERDICTS.tsv", encoding: .utf8)
        return text.split(separator: "\n").dropFirst().map { line in
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false)
            return Row(path: folder + "/" + cells[0], check: String(cells[1]), isAccepted: cells[2] == "accept")
        }
    }

    private static func groups(_ path: String, _ report: ConfigurationReport) throws -> [RuleGroup] {
        let bytes = try [UInt8](Data(contentsOf: URL(filePath: path)))
        return RuleFile.read(bytes.span, file: path, report)
    }

    @Test func ruleFilesAreTakenOrRefusedAsTheyShould() throws {
        guard let folder = Self.folder() else { return }
        let rows = try Self.rows(folder).filter { $0.check == "rules" }
        #expect(rows.count > 15)
        for row in rows {
            let report = ConfigurationReport()
            _ = try Self.groups(row.path, report)
            #expect(report.isClean == row.isAccepted, "\(row.path): \(report.errors)")
        }
    }

    @Test func everyFileOfAwesomePrometheusAlertsIsTaken() throws {
        guard let folder = Self.folder() else { return }
        let root = folder + "/rules-awesome"
        var count = 0
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) where name.hasSuffix(".yml") {
            let report = ConfigurationReport()
            let groups = try Self.groups(root + "/" + name, report)
            #expect(report.errors == [] && !groups.isEmpty)
            count += 1
        }
        #expect(count >= 74)
    }

    @Test func unitTestsGiveTheirVerdict() throws {
        guard let folder = Self.folder() else { return }
        let workers = try Workers(helpers: 0)
        defer { workers.stop() }
        let rows = try Self.rows(folder).filter { $0.check == "test rules" }
        #expect(rows.count > 5)
        for row in rows {
            let report = ConfigurationReport()
            let bytes = try [UInt8](Data(contentsOf: URL(filePath: row.path)))
            let file = RuleTestFile.read(bytes.span, file: row.path, report)
            var groups: [RuleGroup] = []
            for ruleFile in file.ruleFiles { groups += try Self.groups(ruleFile.path, report) }
            var failures: [String] = report.errors.map(\.description)
            if failures.isEmpty {
                let run = RuleTestRun(file, groups: groups, workers: workers)
                for test in file.cases {
                    failures += run.failures(of: test, on: MemoryMetricStore(), logs: MemoryLogStore()).map(
                        \.description)
                }
            }
            #expect(failures.isEmpty == row.isAccepted, "\(row.path): \(failures)")
        }
    }
}

import Encoding
import Foundation
import Testing

@testable import Alerting

/// The Alertmanager configurations of its own tests, found by OBS_CONFORMANCE, with the verdicts of VERDICTS.tsv.
@Suite struct ConformanceTests {
    @Test func configurationsAreTakenOrRefusedAsTheyShould() throws {
        let environment = ProcessInfo.processInfo.environment
        guard let folder = environment["OBS_CONFORMANCE"] else {
            print("OBS_CONFORMANCE is not set: the configurations of others are not read")
            #expect(environment["OBS_CI"] == nil, "the files are part of CI")
            return
        }
        let text = try String(contentsOfFile: folder + "/VERDICTS.tsv", encoding: .utf8)
        var count = 0
        for line in text.split(separator: "\n").dropFirst() {
            let cells = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard cells[1] == "alertmanager" else { continue }
            let bytes = try [UInt8](Data(contentsOf: URL(filePath: folder + "/" + cells[0])))
            let report = ConfigurationReport()
            _ = AlertmanagerConfiguration.read(bytes.span, file: cells[0], report)
            #expect(report.isClean == (cells[2] == "accept"), "\(cells[0]): \(report.errors), \(cells[4])")
            if cells[2] == "refuse", let error = report.errors.first {
                #expect(
                    error.description.contains(cells[4].split(separator: "\"")[0].prefix(30)), "\(cells[0]): \(error)")
            }
            count += 1
        }
        #expect(count >= 33)
    }
}

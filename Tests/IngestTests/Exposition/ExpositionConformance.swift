import Foundation
import Testing

/// One folder of the OpenMetrics project's parser tests.
struct ExpositionCase: Sendable, CustomTestStringConvertible {
    let name: String
    let page: [UInt8]
    let isGood: Bool

    var testDescription: String { name }
}

/// The folder of OBS_CONFORMANCE. Without it these tests do not run, which CI does not accept.
enum ExpositionConformance {
    static let folder = ProcessInfo.processInfo.environment["OBS_CONFORMANCE"]

    static let cases: [ExpositionCase] = {
        guard let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder + "/openmetrics")
        else {
            print("not run: the cases of OpenMetrics (OBS_CONFORMANCE names no folder)")
            return []
        }
        return names.sorted().compactMap { name in
            let path = "\(folder)/openmetrics/\(name)"
            guard let page = FileManager.default.contents(atPath: path + "/metrics"),
                let verdict = FileManager.default.contents(atPath: path + "/test.json")
            else { return nil }
            let isGood = String(decoding: verdict, as: UTF8.self).contains(#""shouldParse": true"#)
            return ExpositionCase(name: name, page: Array(page), isGood: isGood)
        }
    }()

    static func page(_ name: String) -> [UInt8]? {
        folder.flatMap { FileManager.default.contents(atPath: "\($0)/textparse/\(name)") }.map(Array.init)
    }
}

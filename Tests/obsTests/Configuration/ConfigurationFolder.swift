import Encoding
import Foundation

@testable import obs

/// A folder with configuration files that is removed at the end.
struct ConfigurationFolder: ~Copyable {
    let path = FileManager.default.temporaryDirectory.appending(path: "obs-configuration-\(UUID().uuidString)").path

    init(_ files: [String: String]) throws {
        for (name, text) in files {
            let file = URL(filePath: path).appending(path: name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: false, encoding: .utf8)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }  // the system clears what is left

    func load(
        _ name: String = "obs.yml", syntaxOnly: Bool = false, _ variables: [String: String] = [:]
    ) -> ConfigurationResult {
        Configuration.load(path: "\(path)/\(name)", syntaxOnly: syntaxOnly, environment: Environment(variables))
    }

    /// Errors without the folder in front.
    func errors(_ result: ConfigurationResult) -> [String] {
        result.errors.map { $0.description.replacingOccurrences(of: path + "/", with: "") }
    }
}

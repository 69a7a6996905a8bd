import Foundation
import Testing

/// What a finished process left.
struct Finished {
    var code: Int32
    var output: String
    var complaints: String
}

/// The `obs` of this build, as a user's shell would start it.
enum Obs {
    /// It lies beside the test runner in the build directory.
    static let path = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "obs").path

    /// Runs `obs` to its end.
    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Finished {
        try run(arguments, environment: environment)
    }

    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Finished {
        try finish(path, arguments, environment: environment)
    }

    /// Runs a script in a shell whose PATH begins with this build's directory.
    static func shell(_ shell: String, _ script: String) throws -> Finished {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        let search = folder + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin")
        return try finish("/usr/bin/env", [shell, "-c", script], environment: ["PATH": search])
    }

    private static func finish(
        _ program: String, _ arguments: [String], environment: [String: String]
    ) throws -> Finished {
        // Files instead of pipes: nobody has to read while the process writes.
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try folder.handle(forWriting: "output")
        process.standardError = try folder.handle(forWriting: "complaints")
        try process.run()
        process.waitUntilExit()
        return Finished(
            code: process.terminationStatus, output: try folder.read("output"),
            complaints: try folder.read("complaints"))
    }
}

/// A directory that is removed with its owner.
final class TemporaryFolder {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "obs-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)  // a leftover in the system's temporary folder harms nobody
    }

    /// A new file in the folder, for another process to write to.
    func handle(forWriting name: String) throws -> FileHandle {
        try FileHandle(forWritingTo: URL(filePath: try write("", to: name)))
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: path + "/" + name)), as: UTF8.self)
    }

    /// Writes a file into the folder and returns its path.
    func write(_ text: String, to name: String) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}

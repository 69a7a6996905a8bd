import Foundation

/// A program that plays the other side of a test, ended after a minute at the latest.
enum PeerProcess {
    /// Input and output are files: a pipe's reading would end with the first signal that the process gets.
    static func run(_ arguments: [String], input: String = "") throws -> (status: Int32, output: String) {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("obs-peer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // in the system's temporary directory anyway
        let output = folder.appendingPathComponent("output")
        try Data(input.utf8).write(to: folder.appendingPathComponent("input"))
        try Data().write(to: output)
        let process = Process()
        process.executableURL = Foundation.URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "60"] + arguments
        let sink = try FileHandle(forWritingTo: output)
        process.standardInput = try FileHandle(forReadingFrom: folder.appendingPathComponent("input"))
        process.standardOutput = sink
        process.standardError = sink
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: try Data(contentsOf: output), as: UTF8.self))
    }
}

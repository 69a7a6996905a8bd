import Foundation

/// A program of someone else that judges what obs writes: promtool, a Python module, openssl.
package struct Peer {
    package struct Answer {
        package let status: Int32
        package let output: String
    }

    private let arguments: [String]

    package init(_ arguments: [String]) {
        self.arguments = arguments
    }

    /// Python with a script; modules from PyPI come from .build/venv, which scripts/test fills.
    package static func python(_ script: String, _ arguments: String...) -> Peer {
        Peer(pythonArguments(script) + arguments)
    }

    /// The interpreter with a script, for those who start it themselves.
    package static func pythonArguments(_ script: String) -> [String] {
        let own = packageRoot.appending(path: ".build/venv/bin/python3").path
        let interpreter = FileManager.default.isExecutableFile(atPath: own) ? own : "python3"
        return [interpreter, "-c", script]
    }

    /// Whether the program, or the Python module, is installed here. scripts/test installs all of them.
    package static func exists(_ program: String) -> Bool {
        (try? Peer([program, "--version"]).run(input: []))?.status == 0  // a missing program is the answer
    }

    package static func exists(pythonModule module: String) -> Bool {
        (try? python("import \(module)").run(input: []))?.status == 0  // a missing program is the answer
    }

    /// Runs it with `input` on its standard input; standard output and error come back as one text.
    ///
    /// - Parameter seconds: after which it hangs and is ended.
    package func run(input: [UInt8], atMostSeconds seconds: Int = 120) throws -> Answer {
        let inputFile = FileManager.default.temporaryDirectory.appending(path: "obs-peer-\(UUID().uuidString)")
        try Data(input).write(to: inputFile)
        defer { try? FileManager.default.removeItem(at: inputFile) }  // a temporary file left behind harms nothing
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["timeout", "\(seconds)"] + arguments
        process.standardInput = try FileHandle(forReadingFrom: inputFile)
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let said = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Answer(status: process.terminationStatus, output: String(decoding: said, as: UTF8.self))
    }

    private static let packageRoot = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
}

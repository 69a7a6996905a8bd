package import Foundation
import Posix
import Testing

/// A service of someone else, started for one test with a folder of its own and gone with it.
package final class RunningService {
    package static let patienceSeconds: TimeInterval = 60

    package let folder: TemporaryDirectory
    private let process = Process()

    /// - Parameters:
    ///   - user: who runs it where the tests run as root.
    ///   - isReady: tried until it is true.
    package init(
        _ program: String, _ arguments: [String], in folder: TemporaryDirectory, user: String? = nil,
        environment: [String: String] = [:], isReady: () -> Bool
    ) throws {
        self.folder = folder
        let command = Self.command(program, arguments, user)
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = URL(filePath: folder.path)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let log = folder.file("service.log")
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.standardError = try FileHandle(forWritingTo: URL(filePath: log))
        try process.run()
        let isUp = Self.wait { isReady() || !process.isRunning } && process.isRunning
        let said = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""  // a log that is gone says nothing
        try #require(isUp, "\(program) does not start:\n\(said)")
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGTERM) }
        let isGone = Self.wait(atMost: 10) { !process.isRunning }
        if !isGone { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    package var pid: pid_t { process.processIdentifier }

    /// Runs a command to its end, which has to be a good one.
    @discardableResult
    package static func run(
        _ program: String, _ arguments: [String], in folder: TemporaryDirectory, user: String? = nil
    ) throws -> String {
        let process = Process()
        let command = command(program, arguments, user)
        process.executableURL = URL(filePath: command[0])
        process.arguments = Array(command.dropFirst())
        process.currentDirectoryURL = URL(filePath: folder.path)
        let output = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(program): \(text)")
        return text
    }

    private static func command(_ program: String, _ arguments: [String], _ user: String?) -> [String] {
        guard let user, getuid() == 0 else { return [program] + arguments }
        return ["/usr/sbin/runuser", "-u", user, "--", program] + arguments
    }

    /// Waits for a state that lasts.
    package static func wait(
        atMost seconds: TimeInterval = patienceSeconds, until isTrue: () throws -> Bool
    ) rethrows -> Bool {
        let deadline = Date(timeIntervalSinceNow: seconds)
        while try !isTrue() {
            if Date() > deadline { return false }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return true
    }

    /// A port that nobody listens on.
    package static func freePort() throws -> UInt16 {
        let socket = try Socket.listening(on: .loopback(port: 0))
        return try #require(try socket.localAddress().port)
    }

    package static func takesConnections(_ port: UInt16) -> Bool {
        guard let socket = try? Socket.connecting(to: .loopback(port: port)) else { return false }  // not yet
        return socket.wait(toWrite: true, atMostMs: 100) && socket.connectFailure() == 0
    }
}

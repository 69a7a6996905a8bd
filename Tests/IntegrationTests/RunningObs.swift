import Foundation
import Testing

/// A server of this build: started, ready, and gone with its owner.
final class RunningObs {
    /// How long anything that should happen soon may take on a busy machine.
    static let patienceSeconds = 120.0

    let process = Process()
    private let folder: TemporaryFolder
    /// `127.0.0.1:40123`
    private(set) var address = ""

    /// Starts `obs collector` on a free port with its data in `folder` and waits until it is ready.
    init(_ arguments: String..., data folder: String) throws {
        self.folder = try TemporaryFolder()
        process.executableURL = URL(filePath: Obs.path)
        process.arguments =
            ["collector", "--listen", "127.0.0.1:0", "--data", folder, "--log-format", "json"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = try self.folder.handle(forWriting: "log")
        try process.run()
        _ = try waitForLine(#""message":"ready""#)
        let listening = try waitForLine(#""message":"listening""#)
        let match = try #require(listening.firstMatch(of: /"address":"([^"]+)"/))
        address = String(match.1)
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// The first line of the log that contains the text, waiting for it.
    func waitForLine(_ text: String) throws -> String {
        let deadline = Date(timeIntervalSinceNow: Self.patienceSeconds)
        while true {
            let log = try folder.read("log")
            let complete = log[..<(log.lastIndex(of: "\n") ?? log.startIndex)]
            if let line = complete.split(separator: "\n").first(where: { $0.contains(text) }) { return String(line) }
            try #require(Date() < deadline, "no line with \(text) in the log:\n\(log)")
            Thread.sleep(forTimeInterval: 0.005)
        }
    }

    /// Everything that it logged so far.
    func log() throws -> String { try folder.read("log") }

    /// Sends a signal and waits for the end.
    ///
    /// - Returns: the exit code.
    func end(with signal: Int32) throws -> Int32 {
        kill(process.processIdentifier, signal)
        return try waitForExit()
    }

    /// - Returns: the exit code.
    func waitForExit() throws -> Int32 {
        let deadline = Date(timeIntervalSinceNow: Self.patienceSeconds)
        while process.isRunning {
            let log = try folder.read("log")
            try #require(Date() < deadline, "obs does not end:\n\(log)")
            Thread.sleep(forTimeInterval: 0.005)
        }
        return process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
    }

    func get(_ path: String) throws -> PlainResponse { try PlainClient(address).request("GET", path) }
    func post(_ path: String) throws -> PlainResponse { try PlainClient(address).request("POST", path) }
}

import Foundation
import Testing

/// Debian's Prometheus.
final class RunningPrometheus {
    private let process = Process()
    let address: String

    /// One that scrapes itself each second and sends what it gets by remote_write.
    convenience init(folder: String, writingTo receiver: String) throws {
        try self.init(folder: folder, name: "prometheus") { address in
            """
            global: {scrape_interval: 1s}
            scrape_configs: [{job_name: self, static_configs: [{targets: ['\(address)']}]}]
            remote_write: [{url: 'http://\(receiver)/api/v1/write'}]
            """
        }
    }

    /// - Parameters:
    ///   - name: of its files in the folder.
    ///   - configuration: given its own address.
    init(folder: String, name: String, configuration: (String) -> String) throws {
        address = "127.0.0.1:\(try Self.freePort())"
        let file = "\(folder)/\(name).yml"
        try configuration(address).write(toFile: file, atomically: true, encoding: .utf8)
        process.executableURL = URL(filePath: "/usr/bin/prometheus")
        process.arguments = [
            "--config.file=\(file)", "--storage.tsdb.path=\(folder)/\(name)", "--web.listen-address=\(address)",
            "--enable-feature=promql-per-step-stats",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// A port that nobody listens on; another process may take it before it is used.
    static func freePort() throws -> Int {
        let python = try Obs.shell(
            "bash",
            "python3 -c 'import socket; s = socket.socket(); s.bind((\"127.0.0.1\", 0)); print(s.getsockname()[1])'")
        return try #require(Int(python.output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }

    func get(_ path: String) throws -> String { try PlainClient(address).request("GET", path).body }

    /// Waits until the instant query has a result, and returns the time at which it was asked.
    func timeOfAnAnswer(to expression: String) throws -> Int {
        let encoded = expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let deadline = Date(timeIntervalSinceNow: RunningObs.patienceSeconds)
        while true {
            let now = Int(Date().timeIntervalSince1970)
            // Until it listens there is nobody to answer.
            let answer = try? get("/api/v1/query?time=\(now)&query=\(encoded)")  // see above
            if let answer, answer.contains("\"value\"") { return now }
            try #require(Date() < deadline, "Prometheus does not answer: \(answer ?? "no connection")")
            Thread.sleep(forTimeInterval: 0.05)
        }
    }
}

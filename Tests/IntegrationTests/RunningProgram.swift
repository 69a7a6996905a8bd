import Foundation
import Testing

/// A program of someone else that serves on a port until its owner lets go of it.
final class RunningProgram {
    let process = Process()
    /// `127.0.0.1:40123`
    let address: String

    /// - Parameter arguments: made with the address.
    init(_ program: String, _ arguments: (_ address: String) -> [String]) throws {
        address = "127.0.0.1:\(try Self.freePort())"
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments(address)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Python with modules from PyPI, which scripts/test puts into .build/venv.
    static func python(_ script: String, _ arguments: [String] = []) throws -> RunningProgram {
        try RunningProgram(interpreter) { ["-c", script, String($0.split(separator: ":")[1])] + arguments }
    }

    static var interpreter: String {
        let own = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: ".build/venv/bin/python3").path
        return FileManager.default.isExecutableFile(atPath: own) ? own : "python3"
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    func end() {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// A port that nobody listens on; another process may take it before it is used.
    static func freePort() throws -> Int {
        let python = try Obs.shell(
            "bash",
            "python3 -c 'import socket; s = socket.socket(); s.bind((\"127.0.0.1\", 0)); print(s.getsockname()[1])'")
        return try #require(Int(python.output.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}

/// Answers of Prometheus' API.
enum PrometheusAnswer {
    /// What stands under `data`; nil where the server does not answer yet.
    static func data(_ address: String, _ path: String) -> Any? {
        // Until it listens there is nobody to answer. Large answers are chunked, which PlainClient does not read.
        guard let answer = try? Obs.shell("bash", "curl --silent --globoff 'http://\(address)\(path)'"),  // see above
            let tree = try? JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any]  // the same
        else { return nil }
        return tree["data"]
    }

    /// The instant value of each series, by its labels; the bounds of buckets as numbers.
    static func values(_ address: String, _ expression: String) -> [String: String] {
        let query = expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let data = data(address, "/api/v1/query?query=\(query)") as? [String: Any]
        var values: [String: String] = [:]
        for row in data?["result"] as? [[String: Any]] ?? [] {
            let labels = row["metric"] as? [String: String] ?? [:]
            values[name(labels)] = (row["value"] as? [Any])?.last as? String
        }
        return values
    }

    /// The series that a selector means, by their labels.
    static func series(_ address: String, _ selector: String) -> Set<String> {
        let match = selector.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let data = data(address, "/api/v1/series?match[]=\(match)") as? [[String: String]] ?? []
        return Set(data.map(name))
    }

    private static func name(_ labels: [String: String]) -> String {
        labels.sorted { $0.key < $1.key }.map { key, value in
            let isBound = key == "le" || key == "quantile"
            return "\(key)=\(isBound ? Double(value).map { "\($0)" } ?? value : value)"
        }.joined(separator: ",")
    }

    /// Asks until the answer is as wanted.
    static func wait<Answer>(_ what: String, for ask: () throws -> Answer?) throws -> Answer {
        let deadline = Date(timeIntervalSinceNow: RunningObs.patienceSeconds)
        while true {
            if let answer = try ask() { return answer }
            try #require(Date() < deadline, "\(what) does not happen")
            Thread.sleep(forTimeInterval: 0.05)
        }
    }
}

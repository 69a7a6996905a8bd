import Foundation
import Testing

/// Debian's Alertmanager, alone and without a network of its own.
final class RunningAlertmanager {
    private let process = Process()
    let address: String

    /// - Parameters:
    ///   - configuration: YAML; by default nobody is told.
    ///   - externalURL: where people reach it, for links in notifications.
    init(
        folder: String, configuration text: String = "route: {receiver: none}\nreceivers: [{name: none}]\n",
        externalURL: String = "http://alerts"
    ) throws {
        address = "127.0.0.1:\(try RunningPrometheus.freePort())"
        let configuration = folder + "/alertmanager.yml"
        try text.write(toFile: configuration, atomically: true, encoding: .utf8)
        process.executableURL = URL(filePath: "/usr/bin/prometheus-alertmanager")
        process.arguments = [
            "--config.file=\(configuration)", "--storage.path=\(folder)/alertmanager", "--cluster.listen-address=",
            "--web.listen-address=\(address)", "--web.external-url=\(externalURL)",
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// What it answers once it holds what is looked for.
    func alerts(until holds: (String) -> Bool) throws -> String {
        let deadline = Date(timeIntervalSinceNow: RunningObs.patienceSeconds)
        while true {
            // Until it listens there is nobody to answer.
            let answer = try? PlainClient(address).request("GET", "/api/v2/alerts").body  // see above
            if let answer, holds(answer) { return answer }
            try #require(Date() < deadline, "Alertmanager has not what is looked for: \(answer ?? "no connection")")
            Thread.sleep(forTimeInterval: 0.05)
        }
    }
}

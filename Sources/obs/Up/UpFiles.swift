import Encoding
import Posix

/// The files that `obs up` runs with: those that ship, with the addresses and folders of this machine in place of those
/// of an installation.
struct UpFiles: Sendable {
    struct Places: Sendable {
        /// The collector's URL, once it listens.
        var collector = ""
        let agent: SocketAddress
        let standIn: SocketAddress
        let firstPort: UInt16
        /// Where all data of this run lies.
        let data: String
    }

    /// What every file is written with, and what it becomes. The first of each pair stands in the shipped file.
    static func agentChanges(_ places: Places) -> [(shipped: String, here: String)] {
        var ports = (0..<9).map { (":\(8_080 + $0)\"", ":\(Int(places.firstPort) + $0)\"") }
        // One after the other, so that no new port is taken for one that is still to be changed.
        if places.firstPort > 8_080 { ports.reverse() }
        return [
            ("listen: 127.0.0.1:9100", "listen: \(places.agent)"),
            ("  url: https://obs.example.com:9440\n  token_file: /etc/obs/token", "  url: \(places.collector)"),
            ("interval: 15s", "interval: 2s"),
            ("environment: production", "environment: up"),
            ("/var/lib/obs/textfile", FilePath.join(places.data, "textfile")),
            ("/var/log/marketplace/", FilePath.join(places.data, "logs/")),
            ("/var/lib/obs/agent", FilePath.join(places.data, "agent")),
        ] + ports
    }

    static func routingChanges(_ places: Places) -> [(shipped: String, here: String)] {
        let standIn = "http://\(places.standIn)"
        return [
            ("slack_api_url_file: /etc/obs/slack-webhook", "slack_api_url: \(standIn)/services/T0/B0/stand-in"),
            ("https://events.pagerduty.com/v2/enqueue", "\(standIn)/v2/enqueue"),
            ("routing_key_file: /etc/obs/pagerduty-key", "routing_key: stand-in-of-pagerduty-0000000000"),
            ("http://127.0.0.1:9990/webhook", "\(standIn)/webhook"),
            ("group_wait: 10s", "group_wait: 1s"),
            ("group_interval: 1m", "group_interval: 5s"),
            ("      active_time_intervals: [working-hours]\n", ""),
        ]
    }

    let folder: String
    private let files = LocalFileSystem()

    /// - Parameter folder: made where it is missing.
    init(folder: String) throws(SystemError) {
        self.folder = folder
        for name in ["textfile", "logs", "agent", "marketplace"] {
            try files.createDirectories(FilePath.join(folder, name))
        }
    }

    /// - Returns: the path of the new file.
    func write(_ name: String, from shipped: String, _ changes: [(shipped: String, here: String)]) throws -> String {
        var text = String(decoding: try files.readFile(shipped, atMostBytes: 1 << 20), as: UTF8.self)
        for change in changes {
            guard text.contains(change.shipped) else {
                throw StartFailure(
                    "\(shipped) does not hold '\(change.shipped)', which obs up changes for this machine")
            }
            text = Self.replacing(change.shipped, with: change.here, in: text)
        }
        return try write(name, text)
    }

    func write(_ name: String, _ text: String) throws(SystemError) -> String {
        let path = FilePath.join(folder, name)
        try files.replaceFile(path, with: Array(text.utf8).span)
        return path
    }

    /// The collector's configuration: it scrapes nothing, all comes from the agent.
    static func collector(_ material: UpMaterial, routing: String) -> String {
        """
        # Written by `obs up`.
        global: {scrape_interval: 5s, evaluation_interval: 2s}
        rule_files: [\(FilePath.join(material.rules, "*.yaml"))]
        alertmanager: \(routing)
        dashboards: {folders: [\(material.dashboards)]}

        """
    }

    private static func replacing(_ old: String, with new: String, in text: String) -> String {
        var replaced = ""
        var rest = text[...]
        while let place = rest.firstRange(of: old) {
            replaced += rest[..<place.lowerBound] + new
            rest = rest[place.upperBound...]
        }
        return replaced + rest
    }
}

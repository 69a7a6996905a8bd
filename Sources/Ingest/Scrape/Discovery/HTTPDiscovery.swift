import Encoding
import HTTP

/// Targets from a JSON answer.
struct HTTPDiscovery: Discovery {
    private let options: HTTPDiscoveryOptions

    init(_ options: HTTPDiscoveryOptions) { self.options = options }

    func run(_ turn: DiscoveryTurn) {
        turn.poll {
            if let groups = ask(turn) { turn.publish(groups) }
            return options.refreshIntervalMs
        }
    }

    private func ask(_ turn: DiscoveryTurn) -> [TargetGroup]? {
        var request = ClientRequest(.get, options.url)
        request.options = options.client
        request.timeoutNs = max(1, options.refreshIntervalMs) * 1_000_000
        request.fields = [
            ("Accept", "application/json"),
            ("X-Prometheus-Refresh-Interval-Seconds", FloatText.plain(Double(options.refreshIntervalMs) / 1000)),
        ]
        guard let response = turn.answer(to: request) else { return nil }
        let type = response.field("content-type") ?? ""
        guard type.lowercased().hasPrefix("application/json") else {
            turn.failed("\(options.url): unsupported content type \(Quoted.text(type)), application/json is wanted")
            return nil
        }
        return Self.groups(response.body, options.url, turn)
    }

    private static func groups(_ body: [UInt8], _ url: String, _ turn: DiscoveryTurn) -> [TargetGroup]? {
        let report = ConfigurationReport()
        let groups = TargetGroup.read(file: body.span, named: url, report)
        if let error = report.errors.first {
            turn.failed("\(error)")
            return nil
        }
        return groups.map { $0.adding(["__meta_url": url]) }
    }
}

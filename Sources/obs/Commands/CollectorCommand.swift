import Telemetry

extension Command {
    static let collector = Command(
        "collector", "run the server", options: CollectorOptions(logLevel: .info),
        settings: CollectorOptions.settings(logLevel: .info),
        examples: [
            .init(does: "A server for this machine alone", line: "obs collector"),
            .init(
                does: "Data elsewhere, log lines for a machine",
                line: "obs collector --data /var/lib/obs --log-format json"),
        ]
    ) { options, invocation in
        let lifecycle = try Lifecycle()
        try Collector(options, flags: invocation.flags, lifecycle).run(atMostNs: nil)
        return .ok
    }
}

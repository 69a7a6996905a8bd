import Model
import Telemetry

extension Command {
    struct UpOptions: Sendable {
        var collector = CollectorOptions(logLevel: .warning)
        /// Nil runs until it is told to end.
        var limitNs: Int64?
    }

    static let up = Command(
        "up", "run everything on this machine, to look at it",
        details: "It keeps its data in the folder of --data and ends with Ctrl-C, or after --for.",
        options: UpOptions(),
        settings: [
            .value("for", "DURATION", "end after this time, such as 60s or 5m") { (options, text) throws(UsageError) in
                do {
                    options.limitNs = try Durations.milliseconds(of: text) * 1_000_000
                } catch {
                    throw UsageError("\(error)")
                }
            }
        ] + CollectorOptions.settings(logLevel: .warning).map { $0.within(\.collector) },
        examples: [
            .init(does: "Start, look, and end with Ctrl-C", line: "obs up"),
            .init(does: "See whether it starts here, for a script", line: "obs up --for 10s"),
        ]
    ) { options, invocation in
        let console = invocation.console
        let lifecycle = try Lifecycle()
        console.print("starting the collector ...")
        let collector = try Collector(options.collector, flags: invocation.flags, lifecycle)
        console.print(greeting("\(collector.scheme)://" + (collector.addresses.first.map { "\($0)" } ?? "")))
        try collector.run(atMostNs: options.limitNs)
        console.print("stopped")
        return .ok
    }

    /// The address and three things to try.
    private static func greeting(_ address: String) -> String {
        """
        obs runs on \(address)

        Three things to try:
          curl \(address)/metrics                        what it measures of itself
          curl \(address)/api/v1/status/runtimeinfo      what it says about itself
          curl -X POST \(address)/-/quit                 end it, as Ctrl-C does

        """
    }
}

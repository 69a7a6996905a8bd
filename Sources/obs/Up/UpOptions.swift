import Model
import Posix
import Telemetry

/// What the command line says about `obs up`.
struct UpOptions: Sendable {
    var collector = CollectorOptions(logLevel: .warning)
    /// Nil runs until it is told to end.
    var limitNs: Int64?
    /// Where the report of the story goes; nil tells none.
    var report: String?
    /// The folder with rules, dashboards and agents; nil is looked for.
    var material: String?
    /// Nil takes the usual ports, or where one is taken, others.
    var firstPort: UInt16?
    var journeysPerSecond = 5

    static let settings: [Setting<UpOptions>] =
        [
            .value("for", "DURATION", "end after this time, such as 60s or 5m") { (options, text) throws(UsageError) in
                do {
                    options.limitNs = try Durations.milliseconds(of: text) * 1_000_000
                } catch {
                    throw UsageError("\(error)")
                }
            },
            .value(
                "report", "FILE",
                "run the story, write each of its steps with its time as JSON and end; exit 0 only if all happened",
                candidates: .files
            ) { (options, text) throws(UsageError) in
                guard !text.isEmpty else { throw UsageError("the file's name is empty") }
                options.report = text
            },
            .value(
                "files", "FOLDER", "where rules, dashboards and agents are",
                fallback: "this folder, or one around the program, or /usr/share/obs", candidates: .folders
            ) { $0.material = $1 },
            .value(
                "first-port", "PORT", "the gateway's port; those of all others but the collector follow it",
                fallback: "8080, if it is free"
            ) {
                (options, text) throws(UsageError) in
                guard let port = UInt16(text), (1...65_000).contains(port) else {
                    throw UsageError("'\(text)' is no port from 1 to 65000")
                }
                options.firstPort = port
            },
            .value("journeys", "RATE", "visitors that come in a second", fallback: "5") {
                (options, text) throws(UsageError) in
                guard let rate = Int(text), (1...1_000).contains(rate) else {
                    throw UsageError("'\(text)' is no number from 1 to 1000")
                }
                options.journeysPerSecond = rate
            },
        ] + CollectorOptions.settings(logLevel: .warning).map { $0.within(\.collector) }
}

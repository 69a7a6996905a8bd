import Agent
import Posix
import Telemetry

/// What the command line says about an agent.
struct AgentOptions: Sendable {
    /// Nil runs with the defaults.
    var configuration: String?
    /// Empty for what the configuration says, else the default.
    var listen: [SocketAddress] = []
    var isInsecure = false
    var procfs: String?
    var sysfs: String?
    var rootfs: String?
    /// Collectors switched on and off by name, after what the configuration says.
    var isOn: [String: Bool] = [:]
    var logLevel = LogLevel.info
    /// Nil: plain on a terminal, JSON elsewhere.
    var logForm: LogForm?

    static let listenDefault = "127.0.0.1:9100"

    private mutating func turn(_ name: String, on: Bool) throws(UsageError) {
        guard Collectors.all.contains(where: { $0.name == name }) else {
            throw UsageError(
                "there is no collector '\(name)'; there are \(Self.collectorNames.joined(separator: ", "))")
        }
        isOn[name] = on
    }

    private static var collectorNames: [String] { Collectors.all.map(\.name) }

    static let settings: [Setting<AgentOptions>] = [
        .value("config", "FILE", short: "c", "the configuration", candidates: .files) { $0.configuration = $1 },
        .value(
            "listen", "ADDRESS",
            "serve /metrics on this address and port, or unix:PATH; may come several times, port 0 takes a free one",
            fallback: "listen of the configuration, else \(listenDefault)"
        ) { (options, text) throws(UsageError) in
            guard let address = SocketAddress(text) else {
                throw UsageError("'\(text)' is no address and port such as \(listenDefault), [::1]:9100 or unix:PATH")
            }
            options.listen.append(address)
        },
        .value("path.procfs", "FOLDER", "where /proc of the host is", fallback: "/proc", candidates: .folders) {
            $0.procfs = $1
        },
        .value("path.sysfs", "FOLDER", "where /sys of the host is", fallback: "/sys", candidates: .folders) {
            $0.sysfs = $1
        },
        .value("path.rootfs", "FOLDER", "where the root of the host is", fallback: "/", candidates: .folders) {
            $0.rootfs = $1
        },
        .value(
            "collector", "NAME", "run this collector too; may come several times",
            candidates: .words(collectorNames)
        ) { (options, name) throws(UsageError) in try options.turn(name, on: true) },
        .value(
            "no-collector", "NAME", "do not run this collector; may come several times",
            candidates: .words(collectorNames)
        ) { (options, name) throws(UsageError) in try options.turn(name, on: false) },
        .on("insecure", "listen beyond this machine although nobody has to say who they are") {
            $0.isInsecure = true
        },
        .choice(
            "log-level", "LEVEL", LogLevel.allCases.map(\.description), "log from this level on",
            fallback: LogLevel.info.description
        ) {
            if let level = LogLevel($1) { $0.logLevel = level }
        },
        .choice(
            "log-format", "FORMAT", ["plain", "json"], "how log lines look",
            fallback: "plain on a terminal, else json"
        ) {
            $0.logForm = $1 == "json" ? .json : .plain(coloured: false)
        },
    ]
}

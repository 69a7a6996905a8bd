import Posix
import Telemetry

/// A flag: how it is written, what it says in `--help`, and what it changes.
struct Option: Sendable {
    let name: String
    /// What help calls the value; every flag has one.
    let value: String
    let doc: String
    let set: @Sendable (inout MarketplaceOptions, String) throws(UsageFailure) -> Void

    static let all: [Option] = [
        Option(name: "service", value: "NAME", doc: "run this service alone, or `all`, or `traffic`") {
            (options, text) throws(UsageFailure) in
            if text == "all" { return options.services = ServiceName.backend }
            guard let service = ServiceName(rawValue: text) else {
                throw UsageFailure(
                    description: "there is no service '\(text)'; there is \(ServiceName.words), and all")
            }
            options.services = [service]
        },
        Option(name: "first-port", value: "PORT", doc: "the gateway's port; the others follow it (default 8080)") {
            (options, text) throws(UsageFailure) in
            options.firstPort = try number(text, in: 1...65_000)
        },
        Option(name: "data", value: "FOLDER", doc: "keep databases and uploads here (default ./marketplace-data)") {
            $0.dataDirectory = $1
        },
        Option(name: "logs", value: "FOLDER", doc: "write NAME.log for each service here (default standard error)") {
            $0.logDirectory = $1
        },
        Option(name: "log-level", value: "LEVEL", doc: "debug, info, warning or error (default info)") {
            (options, text) throws(UsageFailure) in
            guard let level = LogLevel(text) else {
                throw UsageFailure(description: "'\(text)' is none of debug, info, warning, error")
            }
            options.logLevel = level
        },
        Option(name: "release", value: "VERSION", doc: "the version that build information shows (default 1.0.0)") {
            $0.version = $1
        },
        Option(name: "collector", value: "URL", doc: "send spans to this OTLP receiver (default none)") {
            $0.collector = $1
        },
        Option(name: "trace-ratio", value: "RATIO", doc: "record this share of traces (default 0.1)") {
            (options, text) throws(UsageFailure) in
            options.traceRatio = try fraction(text, in: 0...1)
        },
        Option(name: "telemetry", value: "on|off", doc: "measure, log and trace (default on)") {
            (options, text) throws(UsageFailure) in
            guard ["on", "off"].contains(text) else { throw UsageFailure(description: "'\(text)' is not on or off") }
            options.hasTelemetry = text == "on"
        },
        Option(name: "secret", value: "TEXT", doc: "what signs tokens; the same for all services") { $0.secret = $1 },
        Option(name: "postgres", value: "URL", doc: "keep rows there: postgres://user:password@host:5432/database") {
            (options, text) throws(UsageFailure) in
            options.postgres = try ServerAddress(text, schemes: ["postgres", "postgresql"]).postgres
        },
        Option(name: "redis", value: "URL", doc: "cache there: redis://:password@host:6379/0") {
            (options, text) throws(UsageFailure) in
            options.redis = try ServerAddress(text, schemes: ["redis"]).redis()
        },
        Option(name: "pool", value: "COUNT", doc: "connections of each service to its database and cache (default 8)") {
            (options, text) throws(UsageFailure) in
            options.poolConnections = Int(try number(text, in: 1...256))
        },
        Option(name: "uploads", value: "MIB", doc: "room for uploads, in MiB (default 64)") {
            (options, text) throws(UsageFailure) in
            options.uploadsBytesMax = Int(try number(text, in: 1...65_535)) << 20
        },
        Option(name: "client-rate", value: "COUNT", doc: "requests of a client in a second (default 50)") {
            (options, text) throws(UsageFailure) in
            options.clientRequestsPerSecond = Int(try number(text, in: 1...60_000))
        },
        Option(name: "journeys", value: "RATE", doc: "journeys that traffic begins in a second (default 5)") {
            (options, text) throws(UsageFailure) in
            options.journeysPerSecond = try fraction(text, in: 0.01...10_000)
        },
        Option(name: "day", value: "SECONDS", doc: "traffic has the shape of a day, in this time (default: it is even)")
        { (options, text) throws(UsageFailure) in
            options.daySeconds = try fraction(text, in: 1...86_400)
        },
        Option(name: "seed", value: "NUMBER", doc: "what traffic's choices begin with (default a new one)") {
            (options, text) throws(UsageFailure) in
            guard let seed = UInt64(text) else { throw UsageFailure(description: "'\(text)' is no number") }
            options.seed = seed
        },
        Option(
            name: "fault", value: "NAME[=LEVEL][@START][:SECONDS]",
            doc: "break something, START seconds after the start; may come several times: \(Fault.words)"
        ) { (options, text) throws(UsageFailure) in
            options.faults.append(try FaultOrder(text))
        },
    ]

    private static func number(_ text: String, in range: ClosedRange<UInt16>) throws(UsageFailure) -> UInt16 {
        guard let number = UInt16(text), range.contains(number) else {
            throw UsageFailure(description: "'\(text)' is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }

    private static func fraction(_ text: String, in range: ClosedRange<Double>) throws(UsageFailure) -> Double {
        guard let number = Double(text), range.contains(number) else {
            throw UsageFailure(description: "'\(text)' is not between \(range.lowerBound) and \(range.upperBound)")
        }
        return number
    }
}

extension MarketplaceOptions {
    /// - Parameter arguments: without the program's name.
    init(_ arguments: ArraySlice<String>) throws(UsageFailure) {
        self.init()
        var rest = arguments
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                throw UsageFailure(description: "'\(argument)' is no flag; see marketplace --help")
            }
            let name = argument.dropFirst(2).prefix { $0 != "=" }
            guard let option = Option.all.first(where: { $0.name == name }) else {
                throw UsageFailure(description: "unknown flag --\(name); see marketplace --help")
            }
            let inline = name.count + 2 < argument.count ? String(argument.dropFirst(name.count + 3)) : nil
            guard let value = inline ?? rest.popFirst() else {
                throw UsageFailure(description: "--\(name) needs a value: --\(name) \(option.value)")
            }
            do throws(UsageFailure) {
                try option.set(&self, value)
            } catch {
                throw UsageFailure(description: "--\(name): \(error)")
            }
        }
    }

    static var help: String {
        let lines = Option.all.map { "  --\($0.name) \($0.value)\n        \($0.doc)" }
        return """
            marketplace: the reference workload of obs, eight services and their traffic.

            Without flags it runs all services on this machine. It listens on loopback only.

            \(lines.joined(separator: "\n"))

            Examples:
              marketplace
              marketplace --service payments --logs /var/log/marketplace --collector http://127.0.0.1:9440
              marketplace --postgres postgres://shop@127.0.0.1/shop --redis redis://127.0.0.1:6379
              marketplace --service traffic --journeys 10
              curl -X POST 'http://127.0.0.1:8080/admin/faults/payment_outage?seconds=120'

            """
    }
}

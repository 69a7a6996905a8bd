import Databases
import Encoding
import HTTP
import Posix
import Telemetry

/// What the command line says. Every flag has a default, so that `marketplace` alone runs everything.
struct MarketplaceOptions: Sendable {
    /// Which services this process runs.
    var services = ServiceName.backend
    /// The gateway listens here, each other service on a port behind it (`ServiceName.portOffset`).
    var firstPort: UInt16 = 8080
    /// Databases, uploads and logs.
    var dataDirectory = "./marketplace-data"
    /// Nil writes to standard error.
    var logDirectory: String?
    var logLevel = LogLevel.info
    var version = "1.0.0"
    /// Where spans go as OTLP, such as http://127.0.0.1:9440; nil keeps none.
    var collector: String?
    /// The share of traces that is recorded, and whose requests are logged though nothing went wrong.
    var traceRatio = 0.1
    /// False: nothing is measured, logged or traced.
    var hasTelemetry = true
    /// What signs tokens; all services of an installation share it.
    var secret = "marketplace"
    /// Connections of each service to its database, and as many to its cache.
    var poolConnections = 8
    /// Where rows are kept; nil keeps them in files of this machine.
    var postgres: PostgresOptions?
    /// Where answers are cached; nil caches in the process.
    var redis: RedisOptions?
    var uploadsBytesMax = 64 << 20
    /// Requests of one client in a second, before the gateway says no.
    var clientRequestsPerSecond = 50
    var journeysPerSecond = 5.0
    /// The load of a day in this time, so that its shape can be seen in an hour; nil keeps it even.
    var daySeconds: Double?
    var seed: UInt64?
    /// Faults that are there from the start.
    var faults: [FaultOrder] = []

    func port(of service: ServiceName) -> UInt16 { firstPort &+ service.portOffset }

    func url(of service: ServiceName) -> String { "http://127.0.0.1:\(port(of: service))" }
}

/// A command line that does not fit, as a sentence.
struct UsageFailure: Error, CustomStringConvertible {
    let description: String
}

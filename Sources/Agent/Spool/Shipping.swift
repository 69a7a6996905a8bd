import Encoding
import HTTP
import Ingest
import Model
package import Posix
package import Telemetry

/// Everything that leaves the host by itself: sources, the spool that they fill, and a sender for each collector.
package final class Shipping: Sendable {
    private let spool: Spool
    private let client: HTTPClient
    private let senders: [Sender]
    private let heartbeat: Heartbeat?
    private let files: LogFiles?
    private let journald: JournaldSource?
    private let syslog: SyslogListeners
    private let stdin: StandardInputSource?
    private let samples: HostSamples?
    private let scraper: Scraper?

    /// Starts reading and sending.
    ///
    /// - Parameter page: appends what the host measures, in the text format.
    package init(
        _ options: ShippingOptions, registry: Registry, log: Logger, time: any TimeSource = SystemTime(),
        page: @escaping @Sendable (inout [UInt8]) -> Void
    ) throws {
        let spool = try Spool(
            options.spool, bytesMax: options.spoolBytesMax, collectors: options.destinations.map(\.name),
            registry: registry, time: time)
        let client = HTTPClient("shipping", registry: registry, time: time)
        (self.spool, self.client) = (spool, client)
        senders = zip(options.destinations, spool.readers).map { destination, reader in
            Sender(
                destination, reader, spool, client: client, registry: registry, log: log.component("sender"),
                time: time)
        }
        // What the configuration says wins.
        let common = (options.cloud?.labels(client) ?? [:]).merging(options.hostLabels) { $1 }
        heartbeat = options.heartbeatMs.map {
            Heartbeat(options.destinations, spool, labels: common, everyMs: $0, client: client, registry: registry)
        }
        let logLog = log.component("logs")
        files =
            options.files.isEmpty
            ? nil
            : try LogFiles(
                options.files, labels: common, pipelines: options.pipelines, into: spool, registry: registry,
                log: logLog, time: time)
        journald = try options.journald.map { journald throws(SystemError) in
            try JournaldSource(
                journald, labels: common, pipelines: options.pipelines, into: spool, registry: registry, log: logLog,
                time: time)
        }
        stdin = try options.stdin.map { stdin throws(SystemError) in
            try StandardInputSource(
                stdin, labels: common, pipelines: options.pipelines, into: spool, registry: registry, log: logLog,
                time: time)
        }
        var intake = LogIngestContext(
            store: SpoolLogStore(spool, "syslog", labels: common, registry: registry), registry: registry, time: time)
        intake.pipelines = { options.pipelines }
        syslog = SyslogListeners(intake, log: logLog)
        try syslog.apply(options.syslog)
        let host = common["host"] ?? ""
        let ingest = IngestContext(
            store: SpoolStore(spool, labels: common, time: time), registry: registry,
            keySeed: Hash128(low: .random(in: 0 ... .max), high: .random(in: 0 ... .max)), time: time)
        samples = try options.intervalMs.map { intervalMs throws(SystemError) in
            let own = common.merging(["job": "node", "instance": host]) { first, _ in first }
            return try HostSamples(
                everyMs: intervalMs, labels: Labels(own.map { ($0.key, $0.value) }), into: ingest,
                log: log.component("samples"), time: time, page: page)
        }
        scraper =
            options.scrapes.isEmpty ? nil : Scraper(ingest, log: log.component("scrape"), time: time)
        try scraper?.apply(options.scrapes)
        for sender in senders { try sender.start() }
        try heartbeat?.start()
    }

    /// Where it listens for syslog, with the ports that the kernel chose.
    package var syslogAddresses: [SocketAddress] { syslog.addresses }

    /// Ends the sources, then the senders. What no collector has acknowledged stays in the spool.
    ///
    /// - Parameter endsSeries: whether every series becomes stale, which is not so where another one goes on with them.
    package func stop(endsSeries: Bool = true) throws {
        spool.stop()
        files?.stop()
        journald?.stop()
        syslog.stop()
        stdin?.stop()
        samples?.stop(endsSeries: endsSeries)
        scraper?.stop(endsSeries: endsSeries)
        for sender in senders { sender.end() }
        for sender in senders { sender.join() }
        heartbeat?.stop()
        client.stop()
        try spool.close()
    }
}

import Posix

/// A run of `obs bench metrics`: load, settling, queries.
struct MetricsBench {
    private let options: Command.BenchMetricsOptions
    private let load: MetricsLoad.Options
    private let connection: ServerConnection
    private let console: Console

    init(_ options: Command.BenchMetricsOptions, _ console: Console, time: any TimeSource = SystemTime()) {
        self.options = options
        self.console = console
        connection = ServerConnection(options.server, console)
        var load = options.load
        load.to.url = connection.url + options.writePath
        load.to.token = connection.token
        load.to.connections = min(load.to.connections, load.hosts)
        let intervalMs = Int64(load.intervalSeconds) * 1000
        load.endMs = time.wallMs / intervalMs * intervalMs
        self.load = load
    }

    func run() throws -> BenchReport {
        let load = load
        var report = try BenchRun(options.watched, console).report(
            of: "sample", url: connection.url, count: load.samples, load.to
        ) { MetricsLoad.Source(load, connection: $0) }
        report.about =
            "\(load.hosts) hosts, \(NodeMetrics.all.count) series each, \(load.durationSeconds) s of data, "
            + "seed \(load.seed), \(load.to.connections) connections"
        report.parameters = [
            ("hosts", load.hosts), ("series", load.hosts * NodeMetrics.all.count),
            ("dataSeconds", load.durationSeconds), ("seed", Int(clamping: load.seed)),
            ("connections", load.to.connections),
        ]
        if report.load.failure == nil, options.runs > 0 { report.queries = queries() }
        return report
    }

    private func queries() -> [QueryLatency] {
        let bar = ProgressBar("asking", total: BenchQuery.all.count, console) { "\($0) queries" }
        defer { bar.end() }
        let end = load.endMs / 1000
        return BenchQuery.all.map { query in
            defer { bar.advance(by: 1) }
            return QueryLatency.measure(
                query, runs: options.runs, connection, path: options.queryPath + "/api/v1",
                range: end - Int64(load.durationSeconds)...end)
        }
    }
}

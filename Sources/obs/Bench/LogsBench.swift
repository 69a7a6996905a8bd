import Posix

/// A run of `obs bench logs`: load, settling, queries.
struct LogsBench {
    private let options: Command.BenchLogsOptions
    private let load: ShopLog.Options
    private let connection: ServerConnection
    private let console: Console

    init(_ options: Command.BenchLogsOptions, _ console: Console, time: any TimeSource = SystemTime()) {
        self.options = options
        self.console = console
        connection = ServerConnection(options.server, console)
        var load = options.load
        load.to.url = connection.url + options.writePath
        load.to.token = connection.token
        load.to.connections = min(load.to.connections, load.hosts)
        load.endNs = time.wallNs
        self.load = load
    }

    func run() throws -> BenchReport {
        let load = load
        var report = try BenchRun(options.watched, console).report(
            of: "line", url: connection.url, count: load.lines, load.to
        ) { ShopLog.Source(load, connection: $0) }
        report.about =
            "\(load.hosts) hosts, \(load.durationSeconds) s of data, seed \(load.seed), "
            + "\(load.to.connections) connections"
        report.parameters = [
            ("hosts", load.hosts), ("dataSeconds", load.durationSeconds), ("seed", Int(clamping: load.seed)),
            ("connections", load.to.connections),
        ]
        if report.load.failure == nil, options.runs > 0 { report.queries = queries() }
        return report
    }

    private func queries() -> [QueryLatency] {
        let bar = ProgressBar("asking", total: ShopLog.queries.count, console) { "\($0) queries" }
        defer { bar.end() }
        let end = load.endNs / 1_000_000_000
        return ShopLog.queries.map { query in
            defer { bar.advance(by: 1) }
            return QueryLatency.measure(
                query, runs: options.runs, connection, path: options.queryPath + "/loki/api/v1",
                range: end - Int64(load.durationSeconds)...end)
        }
    }
}

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
        load.url = connection.url + options.writePath
        load.token = connection.token
        load.connections = min(load.connections, load.hosts)
        let intervalMs = Int64(load.intervalSeconds) * 1000
        load.endMs = time.wallMs / intervalMs * intervalMs
        self.load = load
    }

    func run() throws -> MetricsReport {
        let process = try options.pid.map { pid throws(SystemError) in try WatchedProcess(pid) }
        let bar = ProgressBar("sending", total: load.samples, console) { Amount.count($0) + " samples" }
        let outcome: MetricsLoad.Outcome
        do {
            defer { bar.end() }
            outcome = try MetricsLoad(load, progress: { bar.advance(by: $0) }).run()
        }
        var report = MetricsReport(url: connection.url, options: load, load: outcome)
        if let process { report.server = try settled(process) }
        report.diskBytes = try options.dataDirectory.map { directory throws(SystemError) in
            try LocalFileSystem().treeBytes(directory)
        }
        if outcome.failure == nil, options.runs > 0 { report.queries = queries() }
        return report
    }

    private func settled(_ process: WatchedProcess) throws(SystemError) -> MetricsReport.Server {
        let cpuSeconds = try process.cpuSeconds()
        let peak = try process.peakResidentBytes()
        console.progress("waiting until the server has settled")
        defer { console.progress("") }
        try process.settle()
        return MetricsReport.Server(
            cpuSeconds: cpuSeconds, cpuSecondsSettled: try process.cpuSeconds(), peakResidentBytes: peak,
            residentBytes: try process.residentBytes(), writtenBytes: process.writtenBytes())
    }

    private func queries() -> [QueryLatency] {
        let bar = ProgressBar("asking", total: BenchQuery.all.count, console) { "\($0) queries" }
        defer { bar.end() }
        let end = load.endMs / 1000
        return BenchQuery.all.map { query in
            defer { bar.advance(by: 1) }
            return QueryLatency.measure(
                query, runs: options.runs, connection, path: options.queryPath,
                range: end - Int64(load.durationSeconds)...end)
        }
    }
}

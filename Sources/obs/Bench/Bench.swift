import Posix

/// A run of `obs bench`: the data is sent, the server watched until it has settled, and asked.
struct Bench<Data: BenchData> {
    private let options: BenchOptions<Data>
    private let connection: ServerConnection
    private let console: Console

    init(_ options: BenchOptions<Data>, _ console: Console, time: any TimeSource = SystemTime()) {
        self.console = console
        connection = ServerConnection(options.server, console)
        var options = options
        options.connections = min(options.connections, options.data.hosts)
        options.data.endNs = time.wallNs
        self.options = options
    }

    private var data: Data { options.data }

    func run() throws -> BenchReport {
        let process = try options.pid.map { pid throws(SystemError) in try WatchedProcess(pid) }
        var report = BenchReport(
            unit: Data.unit, url: connection.url, hosts: data.hosts,
            series: (Data.seriesName, Data.seriesOfHost), dataSeconds: data.durationSeconds, seed: data.seed,
            connections: options.connections, load: try load())
        if let process { report.server = try settled(process) }
        report.diskBytes = try options.dataDirectory.map { directory throws(SystemError) in
            try LocalFileSystem().treeBytes(directory)
        }
        if report.load.failure == nil, options.runs > 0 { report.queries = queries() }
        return report
    }

    private func load() throws(SystemError) -> BenchLoad.Outcome {
        let bar = ProgressBar("sending", total: data.count, console) { Amount.count($0) + " \(Data.unit)s" }
        defer { bar.end() }
        let load = BenchLoad.Options(
            url: connection.url + options.writePath, token: connection.token, fields: Data.fields,
            connections: options.connections, unitsPerSecond: options.unitsPerSecond)
        let (data, connections) = (data, options.connections)
        return try BenchLoad(
            load, progress: { bar.advance(by: $0) },
            source: { data.source(connection: $0, of: connections) }
        ).run()
    }

    private func settled(_ process: WatchedProcess) throws(SystemError) -> BenchReport.Server {
        let cpuSeconds = try process.cpuSeconds()
        let peak = try process.peakResidentBytes()
        console.progress("waiting until the server has settled")
        defer { console.progress("") }
        try process.settle()
        return BenchReport.Server(
            cpuSeconds: cpuSeconds, cpuSecondsSettled: try process.cpuSeconds(), peakResidentBytes: peak,
            residentBytes: try process.residentBytes(), writtenBytes: process.writtenBytes())
    }

    private func queries() -> [QueryLatency] {
        let bar = ProgressBar("asking", total: Data.queries.count, console) { "\($0) queries" }
        defer { bar.end() }
        let end = data.endNs / 1_000_000_000
        return Data.queries.map { query in
            defer { bar.advance(by: 1) }
            return QueryLatency.measure(
                query, runs: options.runs, connection, path: options.queryPath + Data.questionPath,
                range: end - Int64(data.durationSeconds)...end)
        }
    }
}

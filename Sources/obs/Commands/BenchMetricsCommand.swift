import Model
import Posix

extension Command {
    struct BenchMetricsOptions: Sendable {
        var server = ServerConnection.Options()
        var load = MetricsLoad.Options()
        var writePath = "/api/v1/write"
        var queryPath = ""
        var runs = 10
        var watched = BenchRun.Watched()
        var isJSON = false
    }

    static let benchMetrics = Command(
        "bench metrics", "load a metric store with node-like data and measure it",
        details: """
            It makes data like that of node_exporter from a seed, sends it by remote_write over connections that are \
            kept, asks a set of PromQL queries, and reports rates, latencies and, where the server runs on this machine, \
            what it took: CPU and memory by --pid, bytes on disk by --data. Any server that takes remote_write can be \
            measured: give its address, and the paths where they are others.
            """,
        options: BenchMetricsOptions(),
        settings: [
            .value("hosts", "N", "servers in the data, \(NodeMetrics.all.count) series each", fallback: "10") {
                (options, text) throws(UsageError) in options.load.hosts = try count(text, upTo: 100_000)
            },
            .value("duration", "DURATION", "how much time the data covers", fallback: "2h") {
                (options, text) throws(UsageError) in options.load.durationSeconds = try seconds(text)
            },
            .value("interval", "DURATION", "between two scrapes", fallback: "15s") {
                (options, text) throws(UsageError) in options.load.intervalSeconds = try seconds(text)
            },
            .value("seed", "N", "another seed gives other data", fallback: "1") {
                (options, text) throws(UsageError) in
                guard let seed = UInt64(text) else { throw UsageError("'\(text)' is no number") }
                options.load.seed = seed
            },
            .value("connections", "N", "that send at once", fallback: "4") {
                (options, text) throws(UsageError) in options.load.to.connections = try count(text, upTo: 256)
            },
            .value("rate", "N", "send no more samples a second than this", fallback: "as fast as it goes") {
                (options, text) throws(UsageError) in options.load.to.unitsPerSecond = try count(text, upTo: 1 << 40)
            },
            .value("runs", "N", "ask each query so often; 0 asks none", fallback: "10") {
                (options, text) throws(UsageError) in options.runs = text == "0" ? 0 : try count(text, upTo: 10_000)
            },
            .value("pid", "PID", "the server's process, to tell its CPU and memory") {
                (options, text) throws(UsageError) in options.watched.pid = try count(text, upTo: 1 << 30)
            },
            .value("data", "FOLDER", "where the server keeps its data, to tell its size", candidates: .folders) {
                $0.watched.dataDirectory = $1
            },
            .value("write-path", "PATH", "of remote_write at the server", fallback: "/api/v1/write") {
                $0.writePath = $1
            },
            .value("query-path", "PATH", "what stands before /api/v1 at the server", fallback: "nothing") {
                $0.queryPath = $1
            },
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to show the figures", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            ServerConnection.Options.server.within(\.server),
        ],
        examples: [
            .init(does: "A collector of this machine", line: "obs bench metrics --pid $(pgrep -x obs) --data obs-data"),
            .init(does: "39 million samples, no queries", line: "obs bench metrics --hosts 60 --duration 6h --runs 0"),
            .init(
                does: "VictoriaMetrics beside it",
                line: "obs bench metrics --server http://127.0.0.1:8428 --query-path /prometheus -o json"),
        ]
    ) { options, invocation in
        let report = try MetricsBench(options, invocation.console).run()
        invocation.console.print(options.isJSON ? report.json : report.text(invocation.console))
        if let failure = report.load.failure {
            invocation.console.complain("the load ended early: \(failure)")
            return .bad
        }
        return report.queries.contains { $0.failure != nil } ? .bad : .ok
    }

    static func count(_ text: String, upTo limit: Int) throws(UsageError) -> Int {
        guard let count = Int(text), (1...limit).contains(count) else {
            throw UsageError("'\(text)' is no number from 1 to \(limit)")
        }
        return count
    }

    static func seconds(_ text: String) throws(UsageError) -> Int {
        let milliseconds: Int64
        do throws(DurationError) {
            milliseconds = try Durations.milliseconds(of: text)
        } catch {
            throw UsageError("\(error)")
        }
        guard milliseconds >= 1000 else { throw UsageError("'\(text)' is shorter than a second") }
        return Int(milliseconds / 1000)
    }
}

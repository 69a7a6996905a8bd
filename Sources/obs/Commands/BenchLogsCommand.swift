import Model
import Posix

extension Command {
    struct BenchLogsOptions: Sendable {
        var server = ServerConnection.Options()
        var load = ShopLog.Options()
        var writePath = "/loki/api/v1/push"
        var queryPath = ""
        var runs = 10
        var watched = BenchRun.Watched()
        var isJSON = false
    }

    static let benchLogs = Command(
        "bench logs", "load a log store with lines of a shop and measure it",
        details: """
            It makes lines from a seed, JSON and access logs, sends them as Loki's clients do over connections that are kept, \
            asks a set of LogQL queries, and reports rates, latencies and, where the server runs on this machine, what \
            it took: CPU and memory by --pid, bytes on disk by --data. Any server that takes Loki's pushes can be measured: \
            give its address, and the paths where they are others.
            """,
        options: BenchLogsOptions(),
        settings: [
            .value("lines", "N", "how many lines", fallback: "1000000") {
                (options, text) throws(UsageError) in options.load.lines = try count(text, upTo: 1 << 40)
            },
            .value("hosts", "N", "servers in the data, with 16 streams each", fallback: "10") {
                (options, text) throws(UsageError) in options.load.hosts = try count(text, upTo: 100_000)
            },
            .value("duration", "DURATION", "how much time the lines cover", fallback: "1h") {
                (options, text) throws(UsageError) in options.load.durationSeconds = try seconds(text)
            },
            .value("seed", "N", "another seed gives other data", fallback: "1") {
                (options, text) throws(UsageError) in
                guard let seed = UInt64(text) else { throw UsageError("'\(text)' is no number") }
                options.load.seed = seed
            },
            .value("connections", "N", "that send at once", fallback: "4") {
                (options, text) throws(UsageError) in options.load.to.connections = try count(text, upTo: 256)
            },
            .value("rate", "N", "send no more lines a second than this", fallback: "as fast as it goes") {
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
            .value("write-path", "PATH", "of pushes at the server", fallback: "/loki/api/v1/push") {
                $0.writePath = $1
            },
            .value("query-path", "PATH", "what stands before /loki/api/v1 at the server", fallback: "nothing") {
                $0.queryPath = $1
            },
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to show the figures", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            ServerConnection.Options.server.within(\.server),
        ],
        examples: [
            .init(
                does: "A collector of this machine", line: "obs bench logs --pid $(pgrep -x obs) --data obs-data/logs"),
            .init(does: "Eight million lines, no queries", line: "obs bench logs --lines 8000000 --runs 0"),
            .init(does: "Loki beside it", line: "obs bench logs --server http://127.0.0.1:3100 -o json"),
        ]
    ) { options, invocation in
        let report = try LogsBench(options, invocation.console).run()
        invocation.console.print(options.isJSON ? report.json : report.text(invocation.console))
        if let failure = report.load.failure {
            invocation.console.complain("the load ended early: \(failure)")
            return .bad
        }
        return report.queries.contains { $0.failure != nil } ? .bad : .ok
    }
}

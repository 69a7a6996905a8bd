import Model
import Posix

/// How a server is loaded with a data set, as flags say it.
struct BenchOptions<Data: BenchData>: Sendable {
    var data: Data
    var server = ServerConnection.Options()
    var writePath: String
    var queryPath = ""
    var connections = 4
    var unitsPerSecond: Int?
    var runs = 10
    /// Of the server, where it runs on this machine.
    var pid: Int?
    var dataDirectory: String?
    var isJSON = false

    /// The flags that every data set has.
    ///
    /// - Parameter pushes: what the server calls the requests that carry the data.
    func settings(pushes: String) -> [Setting<BenchOptions>] {
        [
            .value(
                "hosts", "N", "servers in the data, \(Data.seriesOfHost) \(Data.seriesName) each",
                fallback: "\(data.hosts)"
            ) { (options, text) throws(UsageError) in options.data.hosts = try BenchValue.count(text, upTo: 100_000)
            },
            .value(
                "duration", "DURATION", "how much time the data covers",
                fallback: Durations.text(ofMs: Int64(data.durationSeconds) * 1000)
            ) { (options, text) throws(UsageError) in options.data.durationSeconds = try BenchValue.seconds(text) },
            .value("seed", "N", "another seed gives other data", fallback: "\(data.seed)") {
                (options, text) throws(UsageError) in
                guard let seed = UInt64(text) else { throw UsageError("'\(text)' is no number") }
                options.data.seed = seed
            },
            .value("connections", "N", "that send at once", fallback: "\(connections)") {
                (options, text) throws(UsageError) in options.connections = try BenchValue.count(text, upTo: 256)
            },
            .value(
                "rate", "N", "send no more \(Data.unit)s a second than this", fallback: "as fast as it goes"
            ) { (options, text) throws(UsageError) in
                options.unitsPerSecond = try BenchValue.count(text, upTo: 1 << 40)
            },
            .value("runs", "N", "ask each query so often; 0 asks none", fallback: "\(runs)") {
                (options, text) throws(UsageError) in
                options.runs = text == "0" ? 0 : try BenchValue.count(text, upTo: 10_000)
            },
            .value("pid", "PID", "the server's process, to tell its CPU and memory") {
                (options, text) throws(UsageError) in options.pid = try BenchValue.count(text, upTo: 1 << 30)
            },
            .value("data", "FOLDER", "where the server keeps its data, to tell its size", candidates: .folders) {
                $0.dataDirectory = $1
            },
            .value("write-path", "PATH", "of \(pushes) at the server", fallback: writePath) { $0.writePath = $1 },
            .value(
                "query-path", "PATH", "what stands before \(Data.questionPath) at the server", fallback: "nothing"
            ) { $0.queryPath = $1 },
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to show the figures", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            ServerConnection.Options.server.within(\.server),
        ]
    }
}

/// Values of the flags.
enum BenchValue {
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

extension Command {
    /// A command that loads a server with a data set.
    ///
    /// - Parameter own: flags of this data set alone.
    static func bench<Data: BenchData>(
        _ name: String, _ summary: String, details: String, options: BenchOptions<Data>, pushes: String,
        own: [Setting<BenchOptions<Data>>], examples: [Example]
    ) -> Command {
        Command(
            name, summary, details: details, options: options, settings: own + options.settings(pushes: pushes),
            examples: examples
        ) { options, invocation in
            let report = try Bench(options, invocation.console).run()
            invocation.console.print(options.isJSON ? report.json : report.text(invocation.console))
            if let failure = report.load.failure {
                invocation.console.complain("the load ended early: \(failure)")
                return .bad
            }
            return report.queries.contains { $0.failure != nil } ? .bad : .ok
        }
    }
}

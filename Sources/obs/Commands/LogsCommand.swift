import Glibc
import Model

extension Command {
    struct LogsOptions: Sendable {
        var connection = ServerConnection.Options()
        var sinceMs: Int64 = 3_600_000
        var from: Moment?
        var to: Moment?
        var limit = 100
        var isForward = false
        var follows = false
        var form = LogView.Form.lines
        var context = 0
        var showsStatistics = false
    }

    static let logs = Command(
        "logs", "show log lines that a LogQL query finds",
        details: """
            The newest lines of the last hour, oldest first. On a terminal a row of bars above them shows when there were \
            how many. The message of a line of JSON comes first and its other fields behind it; -o raw shows lines as they \
            are. --follow goes on showing lines as they come, also after the server was away. The token of the variable \
            OBS_TOKEN says who asks.
            """,
        options: LogsOptions(),
        settings: [
            span("since", "how far to look back", fallback: "1h") { $0.sinceMs = $1 },
            moment("from", "where to begin, in place of --since") { $0.from = $1 },
            moment("to", "where to end", fallback: "now") { $0.to = $1 },
            number("limit", short: "n", "lines at most", fallback: "100") { $0.limit = $1 },
            .on("forward", "the oldest lines of the time, not the newest") { $0.isForward = true },
            .on("follow", short: "f", "go on showing lines as they come") { $0.follows = true },
            .choice(
                "output", "FORMAT", short: "o", LogView.Form.allCases.map(\.rawValue), "how to show lines",
                fallback: "lines"
            ) { $0.form = LogView.Form(rawValue: $1) ?? .lines },
            number("context", short: "C", "so many lines of the stream before and behind each line", fallback: "0") {
                $0.context = $1
            },
            .on("stats", "what the query took, on standard error") { $0.showsStatistics = true },
            ServerConnection.Options.server.within(\.connection),
        ],
        operands: Operands(name: "QUERY", doc: "a log query of LogQL", count: 1...1, candidates: .nothing),
        examples: [
            .init(does: "What went wrong in the last hour?", line: "obs logs '{service=\"payments\"} |= \"error\"'"),
            .init(
                does: "Failed requests as they come", line: "obs logs '{app=\"web\"} | json | status >= 500' --follow"),
            .init(does: "What happened around it", line: "obs logs '{app=\"web\"} |= \"panic\"' --context 5"),
            .init(does: "Lines for another program", line: "obs logs '{app=\"web\"}' --since 1d -n 5000 -o raw"),
        ]
    ) { options, invocation in
        let asker = try LogsAsker(options, invocation.operands[0], invocation.console)
        guard options.follows else { return try asker.ask() }
        try asker.follow { ns in
            var time = timespec(tv_sec: Int(ns / 1_000_000_000), tv_nsec: Int(ns % 1_000_000_000))
            unsafe nanosleep(&time, nil)
        }
    }

    private static func moment(
        _ name: String, _ doc: String, fallback: String? = nil,
        _ set: @escaping @Sendable (inout LogsOptions, Moment) -> Void
    ) -> Setting<LogsOptions> {
        .value(name, "TIME", doc, fallback: fallback) { (options, text) throws(UsageError) in
            guard let moment = Moment(text) else {
                throw UsageError("'\(text)' is no time such as 2026-11-20T19:30:00Z, '2026-11-20 19:30' or -1h")
            }
            set(&options, moment)
        }
    }

    private static func span(
        _ name: String, _ doc: String, fallback: String,
        _ set: @escaping @Sendable (inout LogsOptions, Int64) -> Void
    ) -> Setting<LogsOptions> {
        .value(name, "DURATION", doc, fallback: fallback) { (options, text) throws(UsageError) in
            let ms = try? Durations.milliseconds(of: text)  // the sentence below says what to write
            guard let ms, ms > 0 else { throw UsageError("'\(text)' is no duration such as 30s, 5m or 1d12h") }
            set(&options, ms)
        }
    }

    private static func number(
        _ name: String, short: Character, _ doc: String, fallback: String,
        _ set: @escaping @Sendable (inout LogsOptions, Int) -> Void
    ) -> Setting<LogsOptions> {
        .value(name, "N", short: short, doc, fallback: fallback) { (options, text) throws(UsageError) in
            guard let count = Int(text), count >= 0 else { throw UsageError("'\(text)' is no number of lines") }
            set(&options, count)
        }
    }
}

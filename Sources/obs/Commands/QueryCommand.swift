import Encoding
import Glibc
import HTTP
import Model
import Posix
import Text

extension Command {
    struct QueryOptions: Sendable {
        enum Output: String, CaseIterable, Sendable {
            case table, graph, json, csv
        }

        var connection = ServerConnection.Options()
        var times = QueryTimes()
        var language: QueryLanguage?
        var output: Output?
        /// Nil leaves it to the names in the expression.
        var unit: ValueUnit?
        var isCheck = false
        var watchNs: Int64?
    }

    static let query = Command(
        "query", "ask the metrics by an expression",
        details: """
            One instant, or a range with --range or --from. A range is drawn on a terminal and a table elsewhere. A \
            time is written like 2026-11-20T19:30:00Z, '2026-11-20 19:30' (UTC), 1763666100 or -1h, which is an hour \
            ago. Exit code 1 says that the expression or the server is wrong, or with --check that there is an answer. \
            The token of the variable OBS_TOKEN says who asks.
            """,
        options: QueryOptions(),
        settings: [
            moment("at", "ask for this instant", fallback: "now") { $0.times.at = $1 },
            duration("range", "ask for a range of this length, up to --to or from --from on") { $0.times.rangeMs = $1 },
            moment("from", "where the range begins") { $0.times.from = $1 },
            moment("to", "where the range ends", fallback: "now") { $0.times.to = $1 },
            duration("step", "between the points of a range", fallback: "a round one, for at most about 240 points") {
                $0.times.stepMs = $1
            },
            .choice(
                "output", "FORMAT", short: "o", QueryOptions.Output.allCases.map(\.rawValue), "how to show the answer",
                fallback: "table, and graph for a range on a terminal"
            ) { $0.output = QueryOptions.Output(rawValue: $1) },
            .choice(
                "unit", "UNIT", ValueUnit.allCases.map(\.rawValue), "what the values of graphs and ranges count",
                fallback: "what the names in the expression say"
            ) { $0.unit = ValueUnit(rawValue: $1) },
            .on("check", "exit with 1 when the answer is not empty, to stop a deployment") { $0.isCheck = true },
            duration("watch", "ask again and again, this long after each answer") { $0.watchNs = $1 * 1_000_000 },
            .choice(
                "lang", "LANGUAGE", QueryLanguage.allCases.map(\.rawValue), "the language of the expression",
                fallback: "promql, and logql for what only that can be"
            ) { $0.language = QueryLanguage(rawValue: $1) },
            ServerConnection.Options.server.within(\.connection),
        ],
        operands: Operands(
            name: "EXPR", doc: "the expression, or - to read it from standard input", count: 1...1, candidates: .nothing
        ),
        examples: [
            .init(does: "What is down?", line: "obs query 'up == 0'"),
            .init(
                does: "How busy were the servers today?",
                line: "obs query 'avg by (instance) (rate(node_cpu_seconds_total{mode!=\"idle\"}[5m]))' --range 6h"),
            .init(
                does: "Stop a deployment while errors come", line: "obs query --check 'rate(http_errors_total[5m]) > 1'"
            ),
            .init(does: "Numbers for a spreadsheet", line: "obs query up --from -1d --step 1h -o csv"),
            .init(does: "Watch a queue", line: "obs query queue_length --watch 5s"),
        ]
    ) { options, invocation in
        let console = invocation.console
        let expression = try expression(invocation.operands[0], console)
        let asker = try QueryAsker(options, expression, console)
        guard let watchNs = options.watchNs else { return try asker.ask() }
        while true {
            asker.askAgain()
            wait(ns: watchNs)
        }
    }

    private static func moment(
        _ name: String, _ doc: String, fallback: String? = nil,
        _ set: @escaping @Sendable (inout QueryOptions, Moment) -> Void
    ) -> Setting<QueryOptions> {
        .value(name, "TIME", doc, fallback: fallback) { (options, text) throws(UsageError) in
            guard let moment = Moment(text) else {
                throw UsageError(
                    "'\(text)' is no time such as 2026-11-20T19:30:00Z, '2026-11-20 19:30', 1763666100 or -1h")
            }
            set(&options, moment)
        }
    }

    private static func duration(
        _ name: String, _ doc: String, fallback: String? = nil,
        _ set: @escaping @Sendable (inout QueryOptions, Int64) -> Void
    ) -> Setting<QueryOptions> {
        .value(name, "DURATION", doc, fallback: fallback) { (options, text) throws(UsageError) in
            let seconds = FloatReading.float(text).flatMap { $0 < 9e15 ? Int64($0 * 1000) : nil }
            let ms = seconds ?? (try? Durations.milliseconds(of: text))  // the sentence below says what to write
            guard let ms, ms > 0 else { throw UsageError("'\(text)' is no duration such as 30s, 5m or 1d12h") }
            set(&options, ms)
        }
    }

    private static let expressionBytesMax = 1 << 20

    private static func expression(_ operand: String, _ console: Console) throws(UsageError) -> String {
        guard operand == "-" else { return operand }
        guard var text = console.read(bytesMax: expressionBytesMax) else {
            throw UsageError("standard input holds more than \(expressionBytesMax) bytes, which is no expression")
        }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func wait(ns: Int64) {
        var time = timespec(tv_sec: Int(ns / 1_000_000_000), tv_nsec: Int(ns % 1_000_000_000))
        unsafe nanosleep(&time, nil)
    }
}

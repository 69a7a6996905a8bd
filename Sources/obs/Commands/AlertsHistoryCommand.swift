import Encoding
import HTTP
import Posix

extension Command {
    struct AlertsHistoryOptions: Sendable {
        var server = ServerConnection.Options()
        var from = Moment.beforeNow(ms: 86_400_000)
        var to = Moment.beforeNow(ms: 0)
        var limit = "1000"
        var isJSON = false
    }

    static let alertsHistory = Command(
        "alerts history", "show what happened to alerts",
        details: """
            Every step is there: pending, reset and why, firing, resolved, who was told and who could not be, silences and \
            acknowledgements, each with its value and labels.
            """,
        options: AlertsHistoryOptions(),
        settings: [
            .value("from", "TIME", "from when, such as -6h or 2026-11-20T19:51:00Z", fallback: "-24h") {
                (options, text) throws(UsageError) in options.from = try moment(text)
            },
            .value("to", "TIME", "until when", fallback: "now") {
                (options, text) throws(UsageError) in options.to = try moment(text)
            },
            .value("limit", "N", "the newest so many", fallback: "1000") { $0.limit = $1 },
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to show them", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            ServerConnection.Options.server.within(\.server),
        ],
        operands: Operands(
            name: "MATCHER", doc: "what the labels have to match", count: 0...Int.max, candidates: .nothing),
        examples: [.init(does: "What was that last night?", line: "obs alerts history --from -12h alertname=DiskFull")]
    ) { options, invocation in
        let connection = ServerConnection(options.server, invocation.console)
        let nowMs = SystemTime().wallMs
        var question = ServerConnection.Question(path: "/obs/v1/alerts/history")
        question.parameters =
            [
                ("from", RFC3339Text.text(options.from.ms(nowMs: nowMs))),
                ("to", RFC3339Text.text(options.to.ms(nowMs: nowMs))), ("limit", options.limit),
            ] + invocation.operands.map { ("filter", $0) }
        let events = try connection.data(question)
        if options.isJSON {
            invocation.console.print(events.line)
            return .ok
        }
        var table = TextTable("AT", "WHAT", "VALUE", "LABELS", "DETAIL")
        for event in events.elements ?? [] {
            table.add(
                String((event["at"]?.text ?? "").prefix(23)), event["kind"]?.text ?? "",
                event["value"]?.double.map { FloatText.general($0) } ?? "", event["labels"]?.labelText ?? "",
                event["detail"]?.text ?? "")
        }
        invocation.console.print(table.text(invocation.console))
        return .ok
    }

    private static func moment(_ text: String) throws(UsageError) -> Moment {
        guard let moment = Moment(text) else {
            throw UsageError("'\(text)' is no moment such as -6h or 2026-11-20T19:51:00Z")
        }
        return moment
    }
}

enum RFC3339Text {
    static func text(_ ms: Int64) -> String { CivilTime(ms: ms).rfc3339 }
}

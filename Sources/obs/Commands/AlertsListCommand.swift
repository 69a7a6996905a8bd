import Encoding
import HTTP

extension Command {
    struct AlertsListOptions: Sendable {
        var server = ServerConnection.Options()
        var isJSON = false
        var isActiveOnly = false
    }

    static let alertsList = Command(
        "alerts list", "list what fires, and what is done with it",
        details: """
            Each alert comes with its receivers and with what keeps it silent: a silence, another alert that explains it, \
            a time interval, or somebody who has it in hand. Exit code 1 says that something fires that nothing mutes.
            """,
        options: AlertsListOptions(),
        settings: [
            .on("active", "only alerts that nothing mutes") { $0.isActiveOnly = true },
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to show them", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            ServerConnection.Options.server.within(\.server),
        ],
        operands: Operands(
            name: "MATCHER", doc: "what the labels have to match, such as severity=page", count: 0...Int.max,
            candidates: .nothing),
        examples: [
            .init(does: "What should somebody look at now?", line: "obs alerts list --active"),
            .init(does: "What fires of one team?", line: "obs alerts list team=db"),
        ]
    ) { options, invocation in
        let connection = ServerConnection(options.server, invocation.console)
        var question = ServerConnection.Question(path: "/api/v2/alerts")
        question.parameters = invocation.operands.map { ("filter", $0) }
        if options.isActiveOnly { question.parameters += [("silenced", "false"), ("inhibited", "false")] }
        let alerts = try connection.list(question)
        if options.isJSON {
            invocation.console.print(JSONValue.array(alerts).line)
        } else {
            var table = TextTable("SINCE", "STATE", "LABELS", "RECEIVERS", "SUMMARY")
            for alert in alerts {
                table.add(
                    String((alert["startsAt"]?.text ?? "").prefix(19)), state(alert), alert["labels"]?.labelText ?? "",
                    (alert["receivers"]?.elements ?? []).compactMap { $0["name"]?.text }.joined(separator: ", "),
                    alert["annotations"]?["summary"]?.text ?? "")
            }
            invocation.console.print(table.text(invocation.console))
        }
        return alerts.contains { $0["status"]?["state"]?.text == "active" } ? .bad : .ok
    }

    private static func state(_ alert: JSONValue) -> String {
        let status = alert["status"]
        if let acknowledgement = alert["acknowledgement"] { return "in hand: \(acknowledgement["by"]?.text ?? "")" }
        if !(status?["silencedBy"]?.elements ?? []).isEmpty { return "silenced" }
        if !(status?["inhibitedBy"]?.elements ?? []).isEmpty { return "inhibited" }
        if !(status?["mutedBy"]?.elements ?? []).isEmpty { return "muted" }
        return "firing"
    }
}

extension ServerConnection {
    /// An answer that is a list, without an envelope.
    func list(_ question: Question) throws(ServerFailure) -> [JSONValue] {
        let body = try answer(to: question).body
        guard let list = (try? JSONValue.parse(body.span))?.elements else {  // the sentence says all there is to say
            throw ServerFailure("the answer to \(question.path) is no list; is this a collector of obs?")
        }
        return list
    }
}

extension JSONValue {
    /// On one line.
    var line: String {
        var writer = JSONWriter()
        writer.value(self)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// An object of texts as labels.
    var labelText: String {
        (members ?? []).map { "\($0.name)=\(Quoted.text($0.value.text ?? ""))" }.joined(separator: " ")
    }
}

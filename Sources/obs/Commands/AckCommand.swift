import Encoding
import HTTP

extension Command {
    struct AckOptions: Sendable {
        var server = ServerConnection.Options()
        var note = ""
        var author = ""
    }

    static let ack = Command(
        "ack", "take alerts in hand",
        details: """
            The groups of the alerts that match are not repeated any more, until they resolve or another alert joins. Who, \
            when and the note are shown wherever the alert is.
            """,
        options: AckOptions(),
        settings: [
            .value("note", "TEXT", short: "n", "what others should know") { $0.note = $1 },
            .value("author", "NAME", short: "a", "who; the user by default") { $0.author = $1 },
            ServerConnection.Options.server.within(\.server),
        ],
        operands: Operands(
            name: "MATCHER", doc: "what the labels have to match, such as alertname=DiskFull", count: 1...Int.max,
            candidates: .nothing),
        examples: [
            .init(does: "I am on it", line: "obs ack -n 'new disk is on its way' alertname=DiskFull instance=db1")
        ]
    ) { options, invocation in
        _ = try SilenceArguments.matchers(invocation.operands)
        var body = JSONWriter()
        body.beginObject()
        body.name("matchers")
        body.beginArray()
        for operand in invocation.operands { body.string(operand) }
        body.endArray()
        body.member("by", options.author.isEmpty ? SilenceArguments.user : options.author)
        body.member("note", options.note)
        body.endObject()
        var question = ServerConnection.Question(path: "/obs/v1/ack")
        question.method = .post
        question.contentType = "application/json"
        question.body = body.bytes
        let groups = try ServerConnection(options.server, invocation.console).data(question)["groups"]?.elements ?? []
        for group in groups { invocation.console.print(group.text ?? "") }
        if groups.isEmpty { invocation.console.print("nothing that fires matches") }
        return groups.isEmpty ? .bad : .ok
    }
}

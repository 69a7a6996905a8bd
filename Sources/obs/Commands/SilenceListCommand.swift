import Encoding
import HTTP

extension Command {
    struct SilenceListOptions: Sendable {
        var server = ServerConnection.Options()
        var showsExpired = false
        var isJSON = false
    }

    static let silenceList = Command(
        "silence list", "list silences",
        details: "The ones that end first come first. Expired ones are kept for five days.",
        options: SilenceListOptions(),
        settings: [
            .on("expired", "those that are over too") { $0.showsExpired = true },
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to show them", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            ServerConnection.Options.server.within(\.server),
        ],
        examples: [.init(does: "What is silent, and until when?", line: "obs silence list")]
    ) { options, invocation in
        var question = ServerConnection.Question(path: "/api/v2/silences")
        if !options.showsExpired { question.parameters = [("expired", "false")] }
        let silences = try ServerConnection(options.server, invocation.console).list(question)
        if options.isJSON {
            invocation.console.print(JSONValue.array(silences).line)
            return .ok
        }
        var table = TextTable("ID", "STATE", "MATCHERS", "UNTIL", "BY", "COMMENT")
        for silence in silences {
            let matchers = (silence["matchers"]?.elements ?? []).map { matcher in
                let isRegex = matcher["isRegex"]?.bool ?? false
                let isEqual = matcher["isEqual"]?.bool ?? true
                let sign = isRegex ? (isEqual ? "=~" : "!~") : (isEqual ? "=" : "!=")
                return (matcher["name"]?.text ?? "") + sign + Quoted.text(matcher["value"]?.text ?? "")
            }
            table.add(
                silence["id"]?.text ?? "", silence["status"]?["state"]?.text ?? "", matchers.joined(separator: ", "),
                String((silence["endsAt"]?.text ?? "").prefix(19)), silence["createdBy"]?.text ?? "",
                silence["comment"]?.text ?? "")
        }
        invocation.console.print(table.text(invocation.console))
        return .ok
    }
}

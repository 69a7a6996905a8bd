import Encoding
import HTTP
import Model
import Posix

extension Command {
    struct AgentsOptions: Sendable {
        var server = ServerConnection.Options()
        var isSilentOnly = false
        var lines = 20
        var isJSON = false
    }

    static let agents = Command(
        "agents", "list the agents of a collector, and the last lines of those that fell silent",
        details: """
            An agent tells its collector every 15 s that it lives, and at its end that it goes. One that misses two of \
            these heartbeats is silent: below the table come the last lines of its host. Exit code 1 says that one is \
            silent.
            """,
        options: AgentsOptions(),
        settings: [
            .on("silent", "only those that are silent") { $0.isSilentOnly = true },
            .value("lines", "N", short: "n", "how many of the last lines of each silent one", fallback: "20") {
                (options, text) throws(UsageError) in
                guard let count = Int(text), (0...200).contains(count) else {
                    throw UsageError("'\(text)' is no number from 0 to 200")
                }
                options.lines = count
            },
            .choice("output", "FORMAT", short: "o", ["table", "json"], "how to show them", fallback: "table") {
                $0.isJSON = $1 == "json"
            },
            ServerConnection.Options.server.within(\.server),
        ],
        examples: [
            .init(does: "Who is silent, and what did it say last?", line: "obs agents --silent"),
            .init(does: "All of them, for a program", line: "obs agents -o json"),
        ]
    ) { options, invocation in
        let connection = ServerConnection(options.server, invocation.console)
        var question = ServerConnection.Question(path: "/obs/v1/agents")
        question.parameters = [("lines", "\(options.lines)")]
        let body = try connection.answer(to: question).body
        guard var agents = (try? JSONValue.parse(body.span))?.elements else {  // the sentence says all there is to say
            throw ServerFailure("what answers is no collector of obs that knows agents")
        }
        if options.isSilentOnly { agents = agents.filter { $0["state"]?.text == "silent" } }
        let console = invocation.console
        if options.isJSON {
            var writer = JSONWriter()
            writer.value(.array(agents))
            console.print(String(decoding: writer.bytes, as: UTF8.self))
        } else {
            console.print(table(agents, console))
            for line in stories(agents) { console.print(line) }
        }
        return agents.contains { $0["state"]?.text == "silent" } ? .bad : .ok
    }

    private static func table(_ agents: [JSONValue], _ console: Console) -> String {
        var table = TextTable("AGENT", "HOST", "STATE", "LAST HEARTBEAT", "NOT SENT YET")
        for agent in agents {
            let seconds = max(0, SystemTime().wallMs - Int64(agent["lastMs"]?.int ?? 0)) / 1000
            table.add(
                agent["agent"]?.text ?? "", agent["labels"]?["host"]?.text ?? "", agent["state"]?.text ?? "",
                "\(Durations.text(ofMs: seconds * 1000)) ago", "\(agent["pendingBytes"]?.int ?? 0) B")
        }
        return table.text(console)
    }

    private static func stories(_ agents: [JSONValue]) -> [String] {
        agents.filter { $0["state"]?.text == "silent" }.flatMap { agent in
            let lines = agent["lastLines"]?.elements?.compactMap(\.text) ?? []
            let name = agent["agent"]?.text ?? ""
            return ["", lines.isEmpty ? "\(name) has sent no lines" : "the last lines of \(name):"]
                + lines.map { "  \($0)" }
        }
    }
}

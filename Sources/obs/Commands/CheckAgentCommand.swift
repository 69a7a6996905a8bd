import Agent
import Encoding
import Posix

extension Command {
    struct CheckAgentOptions: Sendable {
        var syntaxOnly = false
        /// Promtail's, to be made one of the agent.
        var promtail: String?
    }

    static let checkAgent = Command(
        "check agent", "check agents' configurations before they are used",
        details: """
            Each file is read as the agent would read it. What is wrong is printed as file:line:column with what to do \
            about it. Exit code 1 says that a file would be refused. With --from a configuration of promtail is written \
            as one of the agent instead; what could not be brought over is named on standard error.
            """,
        options: CheckAgentOptions(),
        settings: [
            .on("syntax-only", "do not look at the files that a configuration names") { $0.syntaxOnly = true },
            .value("from", "FILE", "a configuration of promtail to write as one of the agent", candidates: .files) {
                $0.promtail = $1
            },
        ],
        operands: Operands(name: "FILE", doc: "an agent's configuration", count: 0...Int.max, candidates: .files),
        examples: [
            .init(does: "Would this be taken?", line: "obs check agent agents/host.yaml"),
            .init(does: "Go on from promtail", line: "obs check agent --from promtail.yaml > agent.yaml"),
        ]
    ) { options, invocation in
        let console = invocation.console
        if let path = options.promtail { return try convert(path, console) }
        if invocation.operands.isEmpty { throw UsageError("name a configuration, or one of promtail with --from") }
        var areGood = true
        for path in invocation.operands {
            let result = AgentConfiguration.load(path: path, syntaxOnly: options.syntaxOnly)
            for error in result.errors { console.print("\(error)") }
            for notice in result.notices { console.print("\(notice.position): notice: \(notice.text)") }
            if result.errors.isEmpty { console.print("\(path): good") }
            areGood = areGood && result.errors.isEmpty
        }
        return areGood ? .ok : .bad
    }

    private static func convert(_ path: String, _ console: Console) throws -> ExitCode {
        let bytes = try LocalFileSystem().readFile(path, atMostBytes: 16 << 20)
        let report = ConfigurationReport()
        guard let text = PromtailConversion.text(of: bytes.span, file: path, report) else {
            for error in report.errors { console.print("\(error)") }
            return .bad
        }
        console.print(String(text.dropLast()))
        for notice in report.notices { console.complain("\(notice.position): \(notice.text)") }
        return .ok
    }
}

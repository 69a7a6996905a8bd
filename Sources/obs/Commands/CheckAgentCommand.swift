import Encoding

extension Command {
    struct CheckAgentOptions: Sendable {
        var syntaxOnly = false
    }

    static let checkAgent = Command(
        "check agent", "check agents' configurations before they are used",
        details: """
            Each file is read as the agent would read it. What is wrong is printed as file:line:column with what to do \
            about it. Exit code 1 says that a file would be refused.
            """,
        options: CheckAgentOptions(),
        settings: [
            .on("syntax-only", "do not look at the files that a configuration names") { $0.syntaxOnly = true }
        ],
        operands: Operands(name: "FILE", doc: "an agent's configuration", count: 1...Int.max, candidates: .files),
        examples: [.init(does: "Would this be taken?", line: "obs check agent agents/host.yaml")]
    ) { options, invocation in
        let console = invocation.console
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
}

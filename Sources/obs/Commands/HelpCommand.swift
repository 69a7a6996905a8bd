extension Command {
    struct HelpOptions {
        var isMarkdown = false
    }

    static let help = Command(
        "help", "show the commands, or the help of one", options: HelpOptions(),
        settings: [
            .on("markdown", "print the section \"Commands\" of README.md instead") { $0.isMarkdown = true }
        ],
        operands: Operands(
            name: "COMMAND", doc: "the command, of one or two words", count: 0...2, candidates: .nothing),
        examples: [
            .init(does: "What can obs do?", line: "obs help"),
            .init(does: "What does one command take?", line: "obs help completion"),
        ]
    ) { options, invocation in
        if options.isMarkdown {
            invocation.console.print(String(CommandReference.markdown().dropLast()))
            return .ok
        }
        return Program.run(["obs"] + invocation.operands + ["--help"], invocation.console)
    }
}

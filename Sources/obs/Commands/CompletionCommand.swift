extension Command {
    private static let shells: [(name: String, script: @Sendable ([Command]) -> String)] = [
        ("bash", BashCompletion.script), ("zsh", ZshCompletion.script), ("fish", FishCompletion.script),
    ]

    static let completion = Command(
        "completion", "print a script that completes commands and flags in a shell", options: Void(),
        operands: Operands(
            name: "SHELL", doc: "bash, zsh or fish", count: 1...1, candidates: .words(shells.map(\.name))),
        examples: [
            .init(does: "Complete in this bash, or in each one from ~/.bashrc", line: "source <(obs completion bash)"),
            .init(does: "The same for fish", line: "obs completion fish > ~/.config/fish/completions/obs.fish"),
            .init(does: "The same for zsh", line: "obs completion zsh > \"${fpath[1]}/_obs\""),
        ]
    ) { _, invocation in
        let word = invocation.operands[0]
        guard let shell = shells.first(where: { $0.name == word }) else {
            throw UsageError("'\(word)' is none of \(shells.map(\.name).joined(separator: ", "))")
        }
        invocation.console.print(String(shell.script(Commands.all).dropLast()))
        return .ok
    }
}

/// The section "Commands" of README.md, written from the table of commands.
enum CommandReference {
    static func markdown() -> String {
        let rows = Commands.all.map { "| [`obs \($0.name)`](#\(anchor($0))) | \($0.summary) |" }
        let overview = "## Commands\n\n| command | does |\n| --- | --- |\n" + rows.joined(separator: "\n")
        return ([overview] + Commands.all.map(section)).joined(separator: "\n\n") + "\n"
    }

    private static func section(_ command: Command) -> String {
        var parts = ["### obs \(command.name)", "`\(Help.usage(of: command))`: \(command.summary)"]
        if !command.details.isEmpty { parts.append(command.details) }
        var rows = command.operands.map { ["| `\($0.spelling)` | \($0.doc) |"] } ?? []
        rows += command.flags.map { "| `\(Help.spelling($0))` | \(Help.description(of: $0)) |" }
        if !rows.isEmpty { parts.append("| flag | meaning |\n| --- | --- |\n" + rows.joined(separator: "\n")) }
        let examples = command.examples.map { "# \($0.does)\n\($0.line)" }.joined(separator: "\n")
        parts.append("```\n\(examples)\n```")
        return parts.joined(separator: "\n\n")
    }

    /// As GitHub derives it from the heading.
    private static func anchor(_ command: Command) -> String {
        "obs-" + command.name.split(separator: " ").joined(separator: "-")
    }
}

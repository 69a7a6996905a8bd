/// The completion script for fish, with what each command and flag means beside it.
enum FishCompletion {
    static func script(_ commands: [Command]) -> String {
        var lines = [
            "# fish completion for obs: obs completion fish > ~/.config/fish/completions/obs.fish",
            "",
            "# Whether the words of the line so far begin with the arguments.",
            "function __obs_line_begins",
            "    set -l words (commandline -opc)",
            "    set -l last (math (count $argv) + 1)",
            "    test \"$words[2..$last]\" = \"$argv\"",
            "end",
            "",
            "# Whether the line has the arguments and nothing after them yet.",
            "function __obs_line_is",
            "    set -l words (commandline -opc)",
            "    test \"$words[2..-1]\" = \"$argv\"",
            "end",
            "",
            "complete -c obs -f",
        ]
        for branch in CompletionTree(commands).branches {
            lines.append("complete -c obs -n __obs_line_is -a \(branch.word) -d \(quoted(branch.summary))")
            lines += branch.children.map { child in
                "complete -c obs -n '__obs_line_is \(branch.word)' -a \(child.word) -d \(quoted(child.command.summary))"
            }
        }
        for command in commands {
            let condition = "complete -c obs -n '__obs_line_begins \(command.name)'"
            lines += command.flagsForCompletion.map { "\(condition)\(flag($0))" }
            if let operands = command.operands { lines.append("\(condition)\(action(operands.candidates))") }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func flag(_ flag: Flag) -> String {
        let short = flag.short.map { " -s \($0)" } ?? ""
        let value = flag.value.map { " -r\(action($0.candidates))" } ?? ""
        return "\(short) -l \(flag.name)\(value) -d \(quoted(flag.doc))"
    }

    private static func action(_ candidates: Candidates) -> String {
        switch candidates {
        case .nothing: " -f"
        case .files: " -F"
        case .folders: " -f -a '(__fish_complete_directories)'"
        case .words(let list): " -f -a \(quoted(list.joined(separator: " ")))"
        }
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.map { "\\'".contains($0) ? "\\\($0)" : String($0) }.joined() + "'"
    }
}

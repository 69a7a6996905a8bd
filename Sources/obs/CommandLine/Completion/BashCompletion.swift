/// The completion script for bash. It needs bash alone, not the package bash-completion.
enum BashCompletion {
    static func script(_ commands: [Command]) -> String {
        let tree = CompletionTree(commands)
        let seconds = tree.branches.filter { !$0.children.isEmpty }.map { branch in
            "        \(branch.word)) [ \"$COMP_CWORD\" = 2 ] && { _obs_words \"\(words(branch.children.map(\.word)))\"; return; }\n"
                + "            command=\"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" ;;"
        }
        return """
            # bash completion for obs: source <(obs completion bash)

            _obs_words() {
                mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current")
            }

            _obs_paths() {
                compopt -o filenames 2>/dev/null
                mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
            }

            _obs() {
                local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
                # bash cuts --flag=value at the equals sign.
                [ "$current" != = ] || current=
                [ "$previous" != = ] || previous=${COMP_WORDS[COMP_CWORD - 2]}
                COMPREPLY=()
                if [ "$COMP_CWORD" = 1 ]; then
                    _obs_words "\(words(tree.branches.map(\.word) + ["--help", "--version"]))"
                    return
                fi
                local command=${COMP_WORDS[1]}
                case "$command" in
            \(seconds.joined(separator: "\n"))
                esac
                case "$command $previous" in
            \(commands.flatMap(values).joined(separator: "\n"))
                esac
                if [[ $current == -* ]]; then
                    case "$command" in
            \(commands.map(flags).joined(separator: "\n"))
                    esac
                    return
                fi
                case "$command" in
            \(commands.compactMap(operands).joined(separator: "\n"))
                esac
            }

            complete -F _obs obs

            """
    }

    private static func words(_ words: [String]) -> String { words.joined(separator: " ") }

    private static func flags(of command: Command) -> String {
        "            \"\(command.name)\") _obs_words \"\(words(command.flagsForCompletion.map { "--\($0.name)" }))\" ;;"
    }

    private static func values(of command: Command) -> [String] {
        command.flags.compactMap { flag in
            flag.value.map { value in
                let spellings = ["--\(flag.name)"] + (flag.short.map { ["-\($0)"] } ?? [])
                let patterns = spellings.map { "\"\(command.name) \($0)\"" }.joined(separator: " | ")
                return "        \(patterns)) \(action(value.candidates)); return ;;"
            }
        }
    }

    private static func operands(of command: Command) -> String? {
        command.operands.map { "        \"\(command.name)\") \(action($0.candidates)) ;;" }
    }

    private static func action(_ candidates: Candidates) -> String {
        switch candidates {
        case .nothing: ":"
        case .files: "_obs_paths -f"
        case .folders: "_obs_paths -d"
        case .words(let list): "_obs_words \"\(words(list))\""
        }
    }
}

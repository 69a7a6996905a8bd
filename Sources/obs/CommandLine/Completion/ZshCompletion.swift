/// The completion script for zsh, with what each flag means beside it.
enum ZshCompletion {
    static func script(_ commands: [Command]) -> String {
        let tree = CompletionTree(commands)
        let firsts = tree.branches.map { quoted("\(escaped($0.word)):\($0.summary)") }
        let groups = tree.branches.filter { !$0.children.isEmpty }.map(group)
        return """
            #compdef obs
            # zsh completion for obs: obs completion zsh > "${fpath[1]}/_obs"

            _obs() {
                local command
                local -a found
                if (( CURRENT == 2 )); then
                    found=(\(firsts.joined(separator: " ")))
                    _describe command found
                    return
                fi
                command=$words[2]
                case $command in
            \(groups.joined(separator: "\n"))
                esac
                shift words
                (( CURRENT-- ))
                case $command in
            \(commands.map(arguments).joined(separator: "\n"))
                esac
            }

            if [ "$funcstack[1]" = _obs ]; then
                _obs "$@"
            else
                compdef _obs obs
            fi

            """
    }

    /// A first word with second ones behind it; the two are then taken as one command.
    private static func group(_ branch: CompletionTree.Branch) -> String {
        let seconds = branch.children.map { quoted("\($0.word):\($0.command.summary)") }
        return """
                    \(branch.word))
                        if (( CURRENT == 3 )); then
                            found=(\(seconds.joined(separator: " ")))
                            _describe command found
                            return
                        fi
                        command="$command $words[3]"
                        shift words
                        (( CURRENT-- )) ;;
            """
    }

    private static func arguments(of command: Command) -> String {
        var specs = command.flagsForCompletion.flatMap { flag in
            let value = flag.value.map { ":\($0.name):\(action($0.candidates))" } ?? ""
            let rest = "[\(escaped(flag.doc))]\(value)"
            let short = flag.short.map { [quoted("-\($0)\(rest)")] } ?? []
            return short + [quoted("--\(flag.name)\(flag.value == nil ? "" : "=")\(rest)")]
        }
        if let operands = command.operands {
            let place = operands.count.upperBound > 1 ? "*" : "1"
            specs.append(quoted("\(place):\(operands.name):\(action(operands.candidates))"))
        }
        return "        \(quoted(command.name))) _arguments -s \(specs.joined(separator: " ")) ;;"
    }

    private static func action(_ candidates: Candidates) -> String {
        switch candidates {
        case .nothing: " "
        case .files: "_files"
        case .folders: "_files -/"
        case .words(let list): "(\(list.joined(separator: " ")))"
        }
    }

    private static func escaped(_ text: String) -> String {
        text.map { "[]:".contains($0) ? "\\\($0)" : String($0) }.joined()
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}

import Testing

/// The completion scripts in the shells that they are for.
@Suite struct CompletionTests {
    /// What bash would offer after the words, the last of which may be unfinished or empty.
    private func bash(_ words: String...) throws -> [String] {
        let list = (["obs"] + words).map { "'\($0)'" }.joined(separator: " ")
        let script = """
            set -u
            source <(obs completion bash)
            complete -p obs >/dev/null
            COMP_WORDS=(\(list)); COMP_CWORD=\(words.count)
            _obs
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let result = try Obs.shell("bash", script)
        try #require(result.code == 0, "\(result.complaints)")
        #expect(result.complaints.isEmpty, "\(result.complaints)")
        return result.output.split(separator: "\n").map(String.init)
    }

    @Test func bashCompletesCommandsFlagsAndWords() throws {
        #expect(try bash("comp") == ["completion"])
        #expect(try bash("").contains("version"))
        #expect(try bash("help", "--m") == ["--markdown"])
        #expect(try bash("completion", "") == ["bash", "zsh", "fish"])
        #expect(try bash("completion", "f") == ["fish"])
        #expect(try bash("nonsense", "").isEmpty)
    }

    @Test func fishCompletesCommandsFlagsAndWords() throws {
        func fish(_ line: String) throws -> [String] {
            let result = try Obs.shell("fish", "obs completion fish | source; complete -C '\(line)'")
            try #require(result.code == 0, "\(result.complaints)")
            return result.output.split(separator: "\n").map { String($0.prefix { $0 != "\t" }) }
        }
        #expect(try fish("obs comp") == ["completion"])
        #expect(try fish("obs help --m") == ["--markdown"])
        #expect(try fish("obs completion ").sorted() == ["bash", "fish", "zsh"])
    }

    /// A pseudo-terminal types into an interactive zsh; each read waits for what the tab must have brought.
    @Test(.timeLimit(.minutes(1))) func zshCompletesCommandsFlagsAndWords() throws {
        let script = #"""
            zmodload zsh/zpty
            zpty inner 'zsh -f -i'
            zpty -w inner 'PS1=; autoload -U compinit; compinit -u -D; source <(obs completion zsh); print re""ady'
            zpty -r inner seen '*ready*'
            expect() { zpty -w -n inner $1; zpty -r inner seen $2 || exit 1; }
            expect $'obs comp\t' '*completion*'
            expect $'f\t' '*fish*'
            expect $'\C-uobs help --m\t' '*--markdown*'
            print done
            """#
        #expect(try Obs.shell("zsh", script).output == "done\n")
    }
}

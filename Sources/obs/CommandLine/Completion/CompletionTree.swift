/// The command names as a tree of two levels, which is how a shell completes them.
struct CompletionTree {
    struct Branch {
        let word: String
        /// The command of this word alone, if there is one.
        let command: Command?
        /// Commands whose name begins with this word, by their second word.
        let children: [(word: String, command: Command)]

        var summary: String { command?.summary ?? "one of \(children.map(\.word).joined(separator: ", "))" }
    }

    let branches: [Branch]

    init(_ commands: [Command]) {
        var words: [String] = []
        for command in commands {
            let word = String(command.name.prefix { $0 != " " })
            if !words.contains(word) { words.append(word) }
        }
        branches = words.map { word in
            Branch(
                word: word, command: commands.first { $0.name == word },
                children: commands.filter { $0.name.hasPrefix(word + " ") }.map {
                    (String($0.name.dropFirst(word.count + 1)), $0)
                })
        }
    }
}

extension Command {
    /// The flags with the one that every command has.
    var flagsForCompletion: [Flag] {
        flags + [
            Flag(name: "help", short: "h", value: nil, doc: "show help and examples", fallback: nil, environment: nil)
        ]
    }
}

import Encoding

/// The program from its arguments to its exit code.
enum Program {
    /// - Parameter arguments: the program's own name first.
    static func run(_ arguments: [String], _ console: Console = .standard) -> ExitCode {
        let words = Array(arguments.dropFirst())
        guard let first = words.first, first != "--help", first != "-h" else {
            console.print(Help.overview(console))
            return words.isEmpty ? .usage : .ok
        }
        if first == "--version" { return run(["obs", "version"], console) }
        guard let (command, rest) = find(words) else {
            let group = Commands.all.filter { $0.name.hasPrefix(first + " ") }
            guard !group.isEmpty, asksForHelp(words) else { return refuse("obs", unknown(words), console) }
            console.print(Help.overview(console, of: group))
            return .ok
        }
        if asksForHelp(rest) {
            console.print(Help.page(of: command, console))
            return .ok
        }
        do {
            return try command.run(rest, console)
        } catch let error as UsageError {
            return refuse("obs \(command.name)", error, console)
        } catch {
            console.complain("obs \(command.name): \(error)")
            return .bad
        }
    }

    private static func asksForHelp(_ words: [String]) -> Bool {
        words.prefix { $0 != "--" }.contains { $0 == "--help" || $0 == "-h" }
    }

    /// The command that the line begins with, and what follows its name.
    static func find(_ words: [String]) -> (Command, [String])? {
        for count in [2, 1] where words.count >= count {
            let name = words.prefix(count).joined(separator: " ")
            if let command = Commands.all.first(where: { $0.name == name }) {
                return (command, Array(words.dropFirst(count)))
            }
        }
        return nil
    }

    private static func refuse(_ who: String, _ error: UsageError, _ console: Console) -> ExitCode {
        console.complain("\(who): \(error)\nSee '\(who) --help'.")
        return .usage
    }

    private static func unknown(_ words: [String]) -> UsageError {
        let group = Commands.all.filter { $0.name.hasPrefix(words[0] + " ") }
        if !group.isEmpty {
            let seconds = group.map { String($0.name.dropFirst(words[0].count + 1)) }
            guard words.count > 1, !words[1].hasPrefix("-") else {
                return UsageError("'\(words[0])' needs one of \(seconds.joined(separator: ", "))")
            }
            let nearest = NearestWord.of(words[1], among: seconds)
            let hint =
                nearest.map { "did you mean 'obs \(words[0]) \($0)'?" } ?? "there is \(seconds.joined(separator: ", "))"
            return UsageError("'\(words[0])' has no '\(words[1])'; \(hint)")
        }
        let what = words[0].hasPrefix("-") ? "flag" : "command"
        let names = Commands.all.map { String($0.name.prefix { $0 != " " }) }
        let hint = NearestWord.of(words[0], among: names).map { "; did you mean 'obs \($0)'?" } ?? ""
        return UsageError("unknown \(what) '\(words[0])'\(hint)")
    }
}

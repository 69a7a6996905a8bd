/// One command of the table: what it is called, takes and does.
struct Command: Sendable {
    struct Example: Sendable {
        let does: String
        let line: String
    }

    /// One or two words: `collector`, `token create`.
    let name: String
    /// One line for the list of commands.
    let summary: String
    /// Paragraphs for the help of this command alone.
    let details: String
    let flags: [Flag]
    let operands: Operands?
    let examples: [Example]
    private let perform: @Sendable (ParsedLine, Invocation) throws -> ExitCode

    /// `run` gets `options` as the flags have changed it.
    init<Options: Sendable>(
        _ name: String, _ summary: String, details: String = "", options: Options, settings: [Setting<Options>] = [],
        operands: Operands? = nil, examples: [Example],
        run: @escaping @Sendable (Options, Invocation) throws -> ExitCode
    ) {
        self.name = name
        self.summary = summary
        self.details = details
        self.flags = settings.map(\.flag)
        self.operands = operands
        self.examples = examples
        perform = { line, invocation in
            var options = options
            for value in line.values {
                let setting = settings[value.index]
                do {
                    try setting.set(&options, value.text)
                } catch {
                    throw UsageError("--\(setting.flag.name): \(error)")
                }
            }
            return try run(options, invocation)
        }
    }

    /// - Throws: `UsageError` where the line does not fit the command; whatever the command itself throws.
    func run(_ arguments: [String], _ console: Console) throws -> ExitCode {
        let line = try parse(arguments, environment: console.environment)
        return try perform(line, Invocation(operands: line.operands, flags: flagTexts(line), console: console))
    }

    /// Every flag that takes a value or was given, with its text or its default.
    private func flagTexts(_ line: ParsedLine) -> [(name: String, value: String)] {
        flags.enumerated().map { index, flag in
            let given = line.values.filter { $0.index == index }.map(\.text)
            if flag.value == nil { return (flag.name, given.isEmpty ? "false" : "true") }
            return (flag.name, given.isEmpty ? flag.fallback ?? "" : given.joined(separator: ","))
        }
    }
}

/// What a command gets beside its options.
struct Invocation: Sendable {
    let operands: [String]
    /// Every flag of the command as text, for `/api/v1/status/flags`.
    let flags: [(name: String, value: String)]
    let console: Console
}

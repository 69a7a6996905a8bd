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
    private let perform: @Sendable (ParsedLine, Console) throws -> ExitCode

    /// `run` gets `options` as the flags have changed it, and the operands.
    init<Options: Sendable>(
        _ name: String, _ summary: String, details: String = "", options: Options, settings: [Setting<Options>] = [],
        operands: Operands? = nil, examples: [Example],
        run: @escaping @Sendable (Options, [String], Console) throws -> ExitCode
    ) {
        self.name = name
        self.summary = summary
        self.details = details
        self.flags = settings.map(\.flag)
        self.operands = operands
        self.examples = examples
        perform = { line, console in
            var options = options
            for value in line.values {
                let setting = settings[value.index]
                do {
                    try setting.set(&options, value.text)
                } catch {
                    throw UsageError("--\(setting.flag.name): \(error)")
                }
            }
            return try run(options, line.operands, console)
        }
    }

    /// - Throws: `UsageError` where the line does not fit the command; whatever the command itself throws.
    func run(_ arguments: [String], _ console: Console) throws -> ExitCode {
        try perform(try parse(arguments, environment: console.environment), console)
    }
}

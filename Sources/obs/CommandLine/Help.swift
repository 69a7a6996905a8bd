/// The help pages, written from the table of commands.
enum Help {
    /// What `obs --help` shows, or `obs token --help` of the commands that begin with `token`.
    static func overview(_ console: Console, of commands: [Command] = Commands.all) -> String {
        var page = Page(console)
        page.paragraph("obs: metrics, logs, alerts and dashboards of your servers in one binary.")
        page.section("Usage", "obs COMMAND [flags]")
        page.rows("Commands", commands.map { ($0.name, $0.summary) })
        page.paragraph("'obs COMMAND --help' shows the flags of a command and examples.")
        return page.text
    }

    /// What `obs COMMAND --help` shows.
    static func page(of command: Command, _ console: Console) -> String {
        var page = Page(console)
        page.paragraph("obs \(command.name): \(command.summary)")
        page.section("Usage", usage(of: command))
        if !command.details.isEmpty { page.paragraph(command.details) }
        if let operands = command.operands { page.rows("Arguments", [(operands.spelling, operands.doc)]) }
        page.rows("Flags", command.flags.map { (spelling($0), description(of: $0)) })
        page.examples(command.examples)
        return page.text
    }

    static func usage(of command: Command) -> String {
        let parts = ["obs \(command.name)", command.flags.isEmpty ? nil : "[flags]", command.operands?.spelling]
        return parts.compactMap { $0 }.joined(separator: " ")
    }

    /// `-o, --output FORMAT`
    static func spelling(_ flag: Flag) -> String { (flag.short.map { "-\($0), " } ?? "") + flag.spelling }

    /// The doc with the words to choose from, the default and the variable.
    static func description(of flag: Flag) -> String {
        var facts: [String] = []
        if case .words(let words) = flag.value?.candidates { facts.append("one of \(words.joined(separator: ", "))") }
        if let fallback = flag.fallback { facts.append("default \(fallback)") }
        if let environment = flag.environment { facts.append("or the variable \(environment)") }
        return facts.isEmpty ? flag.doc : "\(flag.doc) (\(facts.joined(separator: "; ")))"
    }
}

/// A page of help as it grows, wrapped to the width of the terminal.
private struct Page {
    private let console: Console
    private(set) var text = ""

    /// Wider lines are hard to read.
    private var columns: Int { min(console.style.columns, 100) }
    /// On narrower terminals a description goes below its name.
    private static let columnsForTwo = 60

    init(_ console: Console) {
        self.console = console
    }

    mutating func paragraph(_ words: String) {
        begin()
        for part in words.split(separator: "\n", omittingEmptySubsequences: false) {
            text += Wrapping.lines(String(part), columns: columns).joined(separator: "\n") + "\n"
        }
        text.removeLast()
    }

    mutating func section(_ title: String, _ line: String) {
        begin()
        text += console.heading("\(title):") + "\n  \(line)"
    }

    mutating func rows(_ title: String, _ rows: [(name: String, doc: String)]) {
        guard !rows.isEmpty else { return }
        begin()
        text += console.heading("\(title):")
        let widest = min(rows.map(\.name.count).max() ?? 0, 28)
        for row in rows {
            let isNarrow = columns < Self.columnsForTwo || row.name.count > widest
            let indent = columns < Self.columnsForTwo ? 6 : widest + 4
            let doc = Wrapping.lines(row.doc, columns: columns - indent).map {
                String(repeating: " ", count: indent) + $0
            }.joined(separator: "\n")
            let name = "  " + row.name
            text += "\n" + name + (isNarrow ? "\n" + doc : String(doc.dropFirst(name.count)))
        }
    }

    mutating func examples(_ examples: [Command.Example]) {
        guard !examples.isEmpty else { return }
        begin()
        text += console.heading("Examples:")
        for example in examples {
            for line in Wrapping.lines(example.does, columns: columns - 4) { text += "\n  # \(line)" }
            text += "\n  \(example.line)"
        }
    }

    /// An empty line between what was there and what comes.
    private mutating func begin() {
        if !text.isEmpty { text += "\n\n" }
    }
}

/// Text in lines of a width.
enum Wrapping {
    /// Breaks at blanks; a longer word stands alone on its line.
    static func lines(_ text: String, columns: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > columns {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }
}

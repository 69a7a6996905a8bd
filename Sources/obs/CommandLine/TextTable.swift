/// Rows in aligned columns, as a terminal shows them.
struct TextTable {
    struct Column: Sendable {
        var title: String
        /// Numbers stand under each other by their last digit.
        var alignsRight = false
        /// How far it may be cut where the terminal is too narrow; nil where nothing of it may be lost.
        var shortest: Int?
    }

    /// Blanks between two columns.
    static let gap = 2

    private let columns: [Column]
    private var rows: [[String]] = []
    private var colours: [Colour?] = []

    init(_ header: String...) {
        self.init(header.map { Column(title: $0) })
    }

    init(_ columns: [Column]) {
        self.columns = columns.map { column in
            var column = column
            column.title = DisplayWidth.printable(column.title)
            return column
        }
    }

    mutating func add(_ cells: String...) { add(cells) }

    /// - Parameter colour: of the first cell.
    mutating func add(_ cells: [String], colour: Colour? = nil) {
        precondition(cells.count == columns.count, "BUG: a row of \(cells.count) cells under \(columns.count) columns")
        rows.append(cells.map(DisplayWidth.printable))
        colours.append(colour)
    }

    /// Two blanks between columns, none at the end of a line. Columns are cut for a terminal alone: whoever reads a pipe
    /// gets everything.
    func text(_ console: Console) -> String {
        let widths = widths(console)
        let heading = console.heading(line(columns.map(\.title), widths, console, nil))
        return ([heading] + zip(rows, colours).map { line($0, widths, console, $1) }).joined(separator: "\n")
    }

    /// Columns that the table takes where nothing of it is cut.
    var naturalWidth: Int { naturalWidths.reduce(-Self.gap) { $0 + $1 + Self.gap } }

    /// Columns that the table takes at least.
    var shortestWidth: Int {
        zip(naturalWidths, columns).reduce(-Self.gap) { $0 + min($1.0, $1.1.shortest ?? .max) + Self.gap }
    }

    private var naturalWidths: [Int] {
        columns.indices.map { column in
            rows.reduce(DisplayWidth.of(columns[column].title)) { max($0, DisplayWidth.of($1[column])) }
        }
    }

    /// The widest column that may be cut gives way first.
    private func widths(_ console: Console) -> [Int] {
        var widths = naturalWidths
        guard console.style.isTerminal else { return widths }
        var excess = naturalWidth - console.style.columns
        while excess > 0 {
            let candidates = columns.indices.filter { widths[$0] > columns[$0].shortest ?? .max }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }

    private func line(_ cells: [String], _ widths: [Int], _ console: Console, _ colour: Colour?) -> String {
        var texts = cells.indices.map { index in
            let cut = DisplayWidth.cut(cells[index], to: widths[index])
            return DisplayWidth.padded(cut, to: widths[index], alignsRight: columns[index].alignsRight)
        }
        while let last = texts.last {
            texts[texts.count - 1] = last.trimmingBlanksAtEnd
            guard texts.count > 1, texts[texts.count - 1].isEmpty else { break }
            texts.removeLast()
        }
        if let colour { texts[0] = console.coloured(texts[0], colour) }
        return texts.joined(separator: String(repeating: " ", count: Self.gap))
    }
}

extension String {
    var trimmingBlanksAtEnd: String {
        var text = self[...]
        while text.last == " " { text.removeLast() }
        return String(text)
    }
}

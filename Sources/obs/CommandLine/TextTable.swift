/// Rows in aligned columns, as a terminal shows them.
struct TextTable {
    private let header: [String]
    private var rows: [[String]] = []

    init(_ header: String...) {
        self.header = header
    }

    mutating func add(_ cells: String...) {
        precondition(cells.count == header.count, "BUG: a row of \(cells.count) cells under \(header.count) columns")
        rows.append(cells)
    }

    /// Two blanks between columns, none at the end of a line.
    func text(_ console: Console) -> String {
        let widths = header.indices.map { column in ([header] + rows).map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }
            let text = padded.joined(separator: "  ")
            return String(text.prefix(text.count - text.reversed().prefix { $0 == " " }.count))
        }
        return ([console.heading(line(header))] + rows.map(line)).joined(separator: "\n")
    }
}

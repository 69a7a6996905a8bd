/// A table with a row for each series: what all of them share is said once above it, what differs has columns.
struct SeriesTable {
    /// As narrow as a column of labels may become before the labels of a row are put into one.
    private static let labelColumnsMin = 6
    private static let seriesColumnsMin = 16

    let series: [QueryAnswer.Series]
    let console: Console
    private let names: SeriesNames
    private let hasKeys: Bool

    /// - Parameter hasKeys: whether each row begins with its letter, in its colour.
    init(_ series: [QueryAnswer.Series], _ console: Console, hasKeys: Bool = false) {
        self.series = series
        self.console = console
        self.hasKeys = hasKeys
        names = SeriesNames(series)
    }

    /// - Parameter cells: of a series, under `columns`.
    func text(_ columns: [TextTable.Column], _ cells: (Int) -> [String]) -> String {
        var table = wide(columns, cells)
        if console.style.isTerminal, names.labels.count > 1, table.shortestWidth > console.style.columns {
            let name = TextTable.Column(title: "SERIES", shortest: Self.seriesColumnsMin)
            table = filled([name] + columns) { [names.text(series[$0])] + cells($0) }
        }
        let common = DisplayWidth.printable(names.common)
        if common.isEmpty { return table.text(console) }
        let heading = console.style.isTerminal ? DisplayWidth.cut(common, to: console.style.columns) : common
        return heading + "\n" + table.text(console)
    }

    /// Columns of the terminal that a further column may take.
    func columnsLeft(besides columns: [TextTable.Column], _ cells: (Int) -> [String]) -> Int {
        console.style.columns - wide(columns, cells).naturalWidth - TextTable.gap
    }

    /// The letter of a row, which a graph has too.
    static func key(_ index: Int) -> String { String(UnicodeScalar(UInt8(ascii: "a") + UInt8(index))) }

    private func wide(_ columns: [TextTable.Column], _ cells: (Int) -> [String]) -> TextTable {
        let labels = names.labels.map { TextTable.Column(title: $0, shortest: Self.labelColumnsMin) }
        return filled(labels + columns) { names.cells(series[$0]) + cells($0) }
    }

    private func filled(_ columns: [TextTable.Column], _ cells: (Int) -> [String]) -> TextTable {
        guard hasKeys else {
            var table = TextTable(columns)
            for index in series.indices { table.add(cells(index)) }
            return table
        }
        var table = TextTable([TextTable.Column(title: "")] + columns)
        for index in series.indices { table.add([Self.key(index)] + cells(index), colour: Colour(series: index)) }
        return table
    }
}

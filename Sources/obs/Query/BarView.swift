import Encoding
import Text

/// The values of one instant as bars beside each other.
struct BarView {
    /// Eighths of a cell, from none to seven.
    private static let parts = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]
    private static let barColumnsMax = 60
    private static let barColumnsMin = 10

    let console: Console
    let unit: ValueUnit

    func text(_ series: [QueryAnswer.Series]) -> String {
        guard !series.isEmpty else { return "no series" }
        let values = series.map { $0.values.last ?? $0.histograms.last?.value.count ?? .nan }
        let texts = values.map { unit.text($0) }
        let largest = values.filter(\.isFinite).map(\.magnitude).max() ?? 0
        let value = TextTable.Column(title: "VALUE", alignsRight: true)
        let table = SeriesTable(series, console)
        let left = table.columnsLeft(besides: [value]) { [texts[$0]] }
        let columns = min(Self.barColumnsMax, max(Self.barColumnsMin, left))
        return table.text([value, TextTable.Column(title: "")]) { index in
            [texts[index], Self.bar(values[index], largest, columns)]
        }
    }

    /// As long as the value is large; what is not finite has none.
    private static func bar(_ value: Double, _ largest: Double, _ columns: Int) -> String {
        guard value.isFinite, largest > 0 else { return "" }
        let eighths = Int((value.magnitude / largest * Double(columns * 8)).rounded())
        return String(repeating: "█", count: eighths / 8) + parts[eighths % 8]
    }
}

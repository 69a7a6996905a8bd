import Encoding

/// An answer as CSV by RFC 4180: a line for each sample, with a column for each label, the time and the value.
enum CSVView {
    static func text(_ answer: QueryAnswer) -> String {
        switch answer.value {
        case .scalar(let timeMs, let value): lines([], [([], timeMs, FloatText.sample(value))])
        case .string(let timeMs, let text): lines([], [([], timeMs, text)])
        case .vector(let series), .matrix(let series): text(series)
        }
    }

    private typealias Row = (labels: [String], timeMs: Int64, value: String)

    private static func text(_ series: [QueryAnswer.Series]) -> String {
        let names = Set(series.flatMap { $0.labels.map(\.name) }).sorted()
        var rows: [Row] = []
        for one in series {
            let labels = names.map(one.label)
            let floats = zip(one.timesMs, one.values).map { Row(labels, $0, FloatText.sample($1)) }
            let histograms = one.histograms.map { Row(labels, $0.timeMs, $0.value.text) }
            rows += (floats + histograms).sorted { $0.timeMs < $1.timeMs }
        }
        return lines(names, rows)
    }

    private static func lines(_ names: [String], _ rows: [Row]) -> String {
        var text = line(names + ["time", "value"])
        for row in rows { text += "\n" + line(row.labels + [CivilTime(ms: row.timeMs).rfc3339, row.value]) }
        return text
    }

    private static func line(_ cells: [String]) -> String { cells.map(cell).joined(separator: ",") }

    /// In quotes where it has to be; a quote inside is doubled.
    private static func cell(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x2c || $0 == 0x0a || $0 == 0x0d }) else { return text }
        return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
    }
}

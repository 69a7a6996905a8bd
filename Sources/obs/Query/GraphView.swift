import Encoding
import Text

/// Series over time as a picture of lines with axes, and a legend.
struct GraphView {
    struct Times {
        var fromMs: Int64
        var toMs: Int64
        /// Zero where the samples themselves were asked for.
        var stepMs: Int64
    }

    /// Series that are drawn; each has a letter.
    private static let seriesMax = 26
    private static let rowsMax = 20
    private static let rowsMin = 6
    /// Lines besides the picture and the legend's rows: heading, axis, times, and two of the legend.
    private static let otherRows = 6

    let console: Console
    let unit: ValueUnit
    let times: Times

    func text(_ series: [QueryAnswer.Series], title: String) -> String {
        let drawn = Array(series.prefix(Self.seriesMax)).map(Self.line)
        var lines = [heading(title)]
        let finite = drawn.flatMap { $0.map(\.value) }
        if let lowest = finite.min(), let highest = finite.max() {
            lines += picture(drawn, lowest, highest)
        } else {
            lines.append("no finite value to draw")
        }
        lines.append("")
        lines.append(legend(Array(series.prefix(Self.seriesMax))))
        if series.count > drawn.count {
            lines.append(
                "and \(series.count - drawn.count) more series; topk(\(Self.seriesMax), ...) asks for the largest")
        }
        return lines.joined(separator: "\n")
    }

    private typealias Point = (timeMs: Int64, value: Double)

    /// What can be drawn of a series: its finite values, or the counts of its native histograms.
    private static func line(_ series: QueryAnswer.Series) -> [Point] {
        let floats = zip(series.timesMs, series.values).map { Point($0, $1) }
        let points = floats.isEmpty ? series.histograms.map { Point($0.timeMs, $0.value.count) } : floats
        return points.filter(\.value.isFinite)
    }

    /// The expression, and what the picture spans.
    private func heading(_ title: String) -> String {
        let from = CivilTime(ms: times.fromMs).rfc3339
        let to = CivilTime(ms: times.toMs).rfc3339
        let isOneDay = from.prefix(10) == to.prefix(10)
        let span =
            "\(from.prefix(10)) \(Self.clock(from)) – \(isOneDay ? "" : "\(to.prefix(10)) ")\(Self.clock(to)) UTC"
        let flat = DisplayWidth.printable(title.split(whereSeparator: \.isWhitespace).joined(separator: " "))
        let left = console.style.columns - DisplayWidth.of(span) - 2
        let words = left > 12 ? DisplayWidth.cut(flat, to: left) : ""
        return console.heading(words) + String(repeating: " ", count: max(0, left + 2 - DisplayWidth.of(words)))
            + console.faint(span)
    }

    private static func clock(_ rfc3339: String) -> Substring {
        let clock = rfc3339.dropFirst(11)
        return clock.dropFirst(6).hasPrefix("00.000") ? clock.prefix(5) : clock.prefix(8)
    }

    private func picture(_ drawn: [[Point]], _ lowest: Double, _ highest: Double) -> [String] {
        let rows = max(
            Self.rowsMin, min(Self.rowsMax, console.style.rows - Self.otherRows - min(drawn.count, Self.rowsMin)))
        let axis = ValueAxis(lowest: lowest, highest: highest, unit: unit, marksMax: rows * 2 / 5)
        let margin = (axis.texts.map(DisplayWidth.of).max() ?? 0) + 1
        // Two columns at the right for the letters.
        var canvas = BrailleCanvas(columns: max(16, console.style.columns - margin - 3), rows: rows)
        let timeAxis = TimeAxis(fromMs: times.fromMs, toMs: times.toMs, columns: canvas.columns)
        func place(_ point: Point) -> (x: Int, y: Int) {
            let share = (axis.high - point.value) / (axis.high - axis.low)
            return (
                timeAxis.place(point.timeMs, width: canvas.dotColumns),
                Int((share * Double(canvas.dotRows - 1)).rounded())
            )
        }
        var letters: [Int: Int] = [:]
        for (index, points) in drawn.enumerated() {
            draw(points.map { ($0.timeMs, place($0)) }, index, on: &canvas)
            guard drawn.count > 1, let last = points.last,
                let row = Self.freeRow(near: place(last).y / 4, letters, rows)
            else { continue }
            letters[row] = index
        }
        var marks: [Int: String] = [:]
        for (mark, text) in zip(axis.marks, axis.texts) { marks[place((times.fromMs, mark)).y / 4] = text }
        let (line, texts) = timeAxis.lines(columns: canvas.columns)
        let blank = String(repeating: " ", count: margin)
        return (0..<rows).map { row in
            let scale = DisplayWidth.padded(marks[row] ?? "", to: margin - 1, alignsRight: true)
            let letter = letters[row].map { " " + console.coloured(SeriesTable.key($0), Colour(series: $0)) } ?? ""
            let text = "\(scale) \(marks[row] == nil ? "│" : "┤")\(canvas.text(row: row, console))\(letter)"
            return letter.isEmpty ? text.trimmingBlanksAtEnd : text
        } + [blank + "└" + line, blank + " " + texts]
    }

    /// Lines between neighbours; a gap where steps are missing, and a dot for whoever has no neighbour.
    private func draw(
        _ points: [(timeMs: Int64, place: (x: Int, y: Int))], _ owner: Int, on canvas: inout BrailleCanvas
    ) {
        var before: (timeMs: Int64, place: (x: Int, y: Int))?
        for point in points {
            if let before, times.stepMs == 0 || point.timeMs - before.timeMs <= times.stepMs {
                canvas.line(from: before.place, to: point.place, owner: owner)
            } else {
                canvas.set(point.place.x, point.place.y, owner: owner)
            }
            before = point
        }
    }

    /// The nearest row that no letter has.
    private static func freeRow(near row: Int, _ taken: [Int: Int], _ rows: Int) -> Int? {
        for distance in 0..<rows {
            for candidate in [row - distance, row + distance]
            where candidate >= 0 && candidate < rows && taken[candidate] == nil { return candidate }
        }
        return nil
    }

    private func legend(_ series: [QueryAnswer.Series]) -> String {
        SeriesTable(series, console, hasKeys: series.count > 1).text(Figures.columns) { index in
            Figures.cells(Self.line(series[index]).map(\.value), unit)
        }
    }
}

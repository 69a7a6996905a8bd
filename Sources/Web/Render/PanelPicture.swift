import Encoding
import Model
import Text

/// Draws a panel with the values that its queries gave.
struct PanelPicture {
    /// A series at each step of the range; not a number where it has no value.
    struct Series {
        var name: String
        var values: [Double]
        var labels = Labels.empty
        /// Of a bucket that counts all below it.
        var bound: Double?

        var last: Double? { values.last { !$0.isNaN } }
    }

    let panel: RenderedPanel
    let series: [Series]
    /// Entries of logs, the newest first.
    var lines: [(ms: Int64, text: String)] = []
    let times: RenderTimes
    let colours: RenderColours
    /// What could not be asked or drawn.
    let notices: [String]

    private static let seriesMax = 100
    private static let legendRowsMax = 3
    private static let margin = 12.0
    static let rowHeight = 18.0

    func picture(width: Int, height: Int) -> Picture {
        var picture = Picture(width: width, height: height)
        let (wide, tall) = (Double(width), Double(height))
        picture.rectangle(0, 0, wide, tall, colours.ground)
        picture.text(
            panel.title, Self.margin, 22, size: 14, isBold: true, room: wide - 2 * Self.margin, colours.text)
        var box = Box(left: Self.margin, top: 36, right: wide - Self.margin, bottom: tall - Self.margin)
        for notice in notices.prefix(3) {
            picture.text(notice, box.left, box.bottom, size: 11, room: box.width, RenderColours.warning)
            box.bottom -= Self.rowHeight
        }
        if case .text(let content) = panel.kind {
            rows(
                content.split(separator: "\n", omittingEmptySubsequences: false).map { (String($0), "") }, box, &picture
            )
        } else if !lines.isEmpty {
            entries(box, &picture)
        } else if !series.contains(where: { $0.last != nil }) {
            picture.text(
                "No data", (box.left + box.right) / 2, (box.top + box.bottom) / 2, size: 14, anchor: .middle,
                colours.soft)
        } else {
            switch panel.kind {
            case .graph: graph(box, &picture)
            case .figures: figures(box, &picture)
            case .heatmap: heatmap(box, &picture)
            case .timeline: timeline(box, &picture)
            case .dials: dials(box, &picture)
            case .bars: bars(box, &picture)
            case .shares: shares(box, &picture)
            case .table: table(box, &picture)
            case .lines, .text:
                rows(series.map { ($0.name, text($0.last ?? .nan)) }, box, &picture)
            }
        }
        return picture
    }

    struct Box {
        var left: Double
        var top: Double
        var right: Double
        var bottom: Double

        var width: Double { right - left }
        var height: Double { bottom - top }
        var middle: Double { (left + right) / 2 }
        var centre: Double { (top + bottom) / 2 }
    }

    func palette(_ number: Int) -> UInt32 { RenderColours.palette[number % RenderColours.palette.count] }

    /// Of a value by its mapping or the thresholds.
    func colour(of value: Double) -> UInt32 {
        let name = mapping(value)?.colour ?? panel.thresholds.last { $0.from <= value }?.colour
        return name.map(colours.named) ?? colours.text
    }

    func mapping(_ value: Double) -> ValueMapping? { panel.mappings.first { $0.range.contains(value) } }

    func text(_ value: Double) -> String { mapping(value)?.text ?? panel.unit.text(value) }

    /// Draws the marks of time below a box.
    ///
    /// - Returns: where a time is.
    func timeAxis(_ box: Box, _ whole: Box, _ picture: inout Picture) -> (Int64) -> Double {
        let span = Double(times.toMs - times.fromMs)
        let fromMs = times.fromMs
        let x = { (ms: Int64) in box.left + Double(ms - fromMs) / span * box.width }
        let axis = TimeAxis(fromMs: fromMs, toMs: times.toMs, columns: Int(box.width / 8))
        for mark in axis.marksMs {
            picture.line([x(mark), box.top, x(mark), box.bottom], colours.grid)
            let text = axis.text(mark)
            // The first and the last are not cut off by the edge.
            let half = Double(text.count) * 11 * Picture.letterShare / 2
            let middle = min(max(x(mark), whole.left + half), whole.right - half)
            picture.text(text, middle, box.bottom + 15, size: 11, anchor: .middle, colours.soft)
        }
        return x
    }
}

/// Lines over time.
extension PanelPicture {
    private func graph(_ whole: Box, _ picture: inout Picture) {
        var box = whole
        box.bottom -= legend(whole, &picture) + 20
        let drawn = stacked(series.prefix(Self.seriesMax).map(\.values))
        var (lowest, highest) = (Double.infinity, -Double.infinity)
        for value in drawn.joined() where value.isFinite {
            (lowest, highest) = (min(lowest, value), max(highest, value))
        }
        guard lowest <= highest else { return }
        let axis = panel.unit.axis(lowest, highest, marksMax: max(3, Int(box.height / 40)))
        let longest = axis.marks.map(\.1.count).max() ?? 0
        box.left += Double(longest) * 11 * Picture.letterShare + 8
        let y = { (value: Double) in box.bottom - (value - axis.low) / (axis.high - axis.low) * box.height }
        for (value, text) in axis.marks {
            picture.line([box.left, y(value), box.right, y(value)], colours.grid)
            picture.text(text, box.left - 6, y(value) + 4, size: 11, anchor: .end, colours.soft)
        }
        let x = timeAxis(box, whole, &picture)
        for (number, values) in drawn.enumerated() {
            for run in Self.runs(of: values) {
                let points = run.flatMap { [x(times.fromMs + Int64($0) * times.stepMs), y(values[$0])] }
                // A lone point is a short line, or nobody would see it.
                picture.line(
                    run.count == 1 ? [points[0] - 1, points[1], points[0] + 1, points[1]] : points, width: 1.5,
                    palette(number))
            }
        }
    }

    /// Where neighbouring values are numbers.
    private static func runs(of values: [Double]) -> [Range<Int>] {
        var runs: [Range<Int>] = []
        var start: Int?
        for place in 0...values.count {
            if place < values.count, values[place].isFinite {
                start = start ?? place
            } else if let first = start {
                runs.append(first..<place)
                start = nil
            }
        }
        return runs
    }

    private func stacked(_ columns: [[Double]]) -> [[Double]] {
        guard panel.isStacked, let count = columns.first?.count else { return columns }
        var sums = (0..<count).map { place in columns.contains { $0[place].isFinite } ? 0 : Double.nan }
        return columns.map { column in
            column.indices.map { place in
                if column[place].isFinite { sums[place] += column[place] }
                return sums[place]
            }
        }
    }

    /// Names with their last values below a graph.
    ///
    /// - Returns: how tall it is.
    private func legend(_ box: Box, _ picture: inout Picture) -> Double {
        var rows: [[(number: Int, text: String, width: Double)]] = [[]]
        var used = 0.0
        var hidden = 0
        for (number, one) in series.enumerated() {
            let text = "\(one.name)  \(one.last.map(self.text) ?? "")"
            let width = min(box.width, Double(text.count) * 12 * Picture.letterShare + 34)
            if used + width > box.width, used > 0 {
                if rows.count == Self.legendRowsMax { hidden = series.count - number; break }
                rows.append([])
                used = 0
            }
            rows[rows.count - 1].append((number, text, width))
            used += width
        }
        if hidden > 0 { rows.append([]) }
        var y = box.bottom - Double(rows.count - 1) * Self.rowHeight
        let height = Double(rows.count) * Self.rowHeight + 6
        for row in rows {
            var x = box.left
            for (number, text, width) in row {
                picture.rectangle(x, y - 8, 12, 4, palette(number))
                picture.text(text, x + 18, y, room: width - 18, colours.text)
                x += width
            }
            y += Self.rowHeight
        }
        if hidden > 0 { picture.text("and \(hidden) more", box.left, box.bottom, colours.soft) }
        return height
    }
}

/// Values without their history.
extension PanelPicture {
    /// The last value of each series, as large as there is room.
    private func figures(_ box: Box, _ picture: inout Picture) {
        let shown = lastValues.prefix(Self.tilesMax)
        let isAlone = shown.count == 1
        for (one, tile) in zip(shown, tiles(shown.count, in: box, shape: 3)) {
            let text = text(one.value)
            let room = tile.width * 0.9 / (Double(text.count) * Picture.letterShare)
            let size = min(tile.height * (isAlone ? 0.5 : 0.4), room)
            picture.text(
                text, tile.middle, tile.centre + size * 0.35, size: size, isBold: true, anchor: .middle,
                colour(of: one.value))
            if !isAlone {
                picture.text(
                    one.name, tile.middle, tile.centre - size * 0.6, size: 12, anchor: .middle,
                    room: tile.width * 0.95, colours.soft)
            }
        }
    }

    /// The last value of each series that has one.
    var lastValues: [(name: String, value: Double)] {
        series.compactMap { one in one.last.map { (one.name, $0) } }
    }

    static let tilesMax = 24

    /// Boxes beside and below each other, none much wider than `shape` times its height.
    func tiles(_ count: Int, in box: Box, shape: Double) -> [Box] {
        let columns =
            (1...max(1, count)).first { columns in
                let rows = (count + columns - 1) / columns
                return box.width / Double(columns) <= shape * box.height / Double(rows)
            } ?? count
        let rows = (count + columns - 1) / columns
        let (wide, tall) = (box.width / Double(columns), box.height / Double(rows))
        return (0..<count).map { number in
            let (left, top) = (
                box.left + Double(number % columns) * wide, box.top + Double(number / columns) * tall
            )
            return Box(left: left, top: top, right: left + wide, bottom: top + tall)
        }
    }

    /// Rows of a name and a value.
    func rows(_ rows: [(name: String, value: String)], _ box: Box, _ picture: inout Picture) {
        let room = max(1, Int(box.height / Self.rowHeight))
        for (number, row) in rows.prefix(room).enumerated() {
            let y = box.top + Double(number + 1) * Self.rowHeight - 5
            let isLast = number == room - 1 && rows.count > room
            picture.text(
                isLast ? "and \(rows.count - number) more" : row.name, box.left, y,
                room: row.value.isEmpty ? box.width : box.width * 0.75, colours.text)
            if !isLast, !row.value.isEmpty { picture.text(row.value, box.right, y, anchor: .end, colours.text) }
        }
    }
}

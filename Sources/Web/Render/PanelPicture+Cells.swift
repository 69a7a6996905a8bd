/// Rows of coloured cells over time.
extension PanelPicture {
    private static let columnsMax = 120
    private static let letters = 11.0

    /// Each series a row, each stretch in which its value stays what it is a cell with its name.
    func timeline(_ whole: Box, _ picture: inout Picture) {
        var box = whole
        let shown = series.prefix(max(1, Int(box.height / 20)))
        layRows(shown.map(\.name), &box, &picture)
        let (x, tall) = (timeAxis(box, whole, &picture), box.height / Double(shown.count))
        var order: [String] = []
        for (row, one) in shown.enumerated() {
            let y = box.top + Double(row) * tall + 2
            var place = 0
            while place < one.values.count {
                let (start, value) = (place, one.values[place])
                let name = text(value)
                while place < one.values.count, value.isNaN == one.values[place].isNaN, text(one.values[place]) == name
                {
                    place += 1
                }
                if value.isNaN { continue }
                if !order.contains(name) { order.append(name) }
                let (left, right) = (x(time(start)), min(x(time(place)), box.right))
                let isPlain = panel.thresholds.count < 2 && mapping(value)?.colour == nil
                let fill = isPlain ? palette(order.firstIndex(of: name) ?? 0) : colour(of: value)
                picture.rectangle(left, y, max(1, right - left), max(1, tall - 4), fill)
                if right - left > Double(name.count) * Self.letters * Picture.letterShare + 6 {
                    picture.text(
                        name, (left + right) / 2, y + tall / 2 + 2, size: Self.letters, anchor: .middle, colours.ground)
                }
            }
        }
    }

    /// Each series a row, from the lowest bound upwards; the more a cell counts, the stronger is its colour.
    func heatmap(_ whole: Box, _ picture: inout Picture) {
        var box = whole
        let rows = buckets
        layRows(rows.map(\.name).reversed(), &box, &picture)
        let x = timeAxis(box, whole, &picture)
        let each = max(1, (times.count + Self.columnsMax - 1) / Self.columnsMax)
        let cells = rows.map { row in
            stride(from: 0, to: row.values.count, by: each).map { start in
                row.values[start..<min(start + each, row.values.count)].filter(\.isFinite).max() ?? 0
            }
        }
        let most = cells.joined().max() ?? 0
        guard most > 0 else { return }
        let tall = box.height / Double(rows.count)
        for (row, line) in cells.enumerated() {
            for (column, value) in line.enumerated() where value > 0 {
                let left = x(time(column * each))
                let right = min(x(time((column + 1) * each)), box.right)
                let strength = UInt32(40 + 215 * (value / most).squareRoot())
                picture.rectangle(
                    left, box.bottom - Double(row + 1) * tall, max(1, right - left), max(1, tall - 1),
                    RenderColours.heat << 8 | strength)
            }
        }
    }

    /// Buckets that count all below their bound count only their own here.
    private var buckets: [Series] {
        guard series.allSatisfy({ $0.bound != nil }) else { return series }
        let sorted = series.sorted { $0.bound ?? 0 < $1.bound ?? 0 }
        return sorted.indices.map { place in
            guard place > 0 else { return sorted[0] }
            var own = sorted[place]
            for step in own.values.indices where sorted[place - 1].values[step].isFinite {
                own.values[step] = max(0, own.values[step] - sorted[place - 1].values[step])
            }
            return own
        }
    }

    /// Writes names beside their rows, as many as can be read, and leaves the rest of the box.
    private func layRows(_ names: [String], _ box: inout Box, _ picture: inout Picture) {
        box.bottom -= 20
        let room = box.width * 0.3
        let longest = Double(names.map(\.count).max() ?? 0) * Self.letters * Picture.letterShare + 8
        let tall = box.height / Double(max(1, names.count))
        let each = max(1, Int((14 / tall).rounded(.up)))
        let left = box.left + min(room, longest)
        for (row, name) in names.enumerated() where row % each == 0 {
            picture.text(
                name, left - 6, box.top + (Double(row) + 0.5) * tall + 4, size: Self.letters, anchor: .end,
                room: room, colours.soft)
        }
        box.left = left
    }

    private func time(_ step: Int) -> Int64 { times.fromMs + Int64(step) * times.stepMs }
}

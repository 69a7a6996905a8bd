import Encoding
import Glibc
import Model

/// Values as dials, as bars and as parts of a whole; entries of logs.
extension PanelPicture {
    // The dial is open below: from the lower left over the top to the lower right.
    private static let dialStart = 0.85 * Double.pi
    private static let dialSweep = 1.3 * Double.pi

    func dials(_ box: Box, _ picture: inout Picture) {
        let shown = lastValues.prefix(Self.tilesMax)
        let nameHeight = shown.count > 1 ? 20.0 : 0
        for (one, tile) in zip(shown, tiles(shown.count, in: box, shape: 1.4)) {
            let radius = max(8, min(tile.width * 0.42, (tile.height - nameHeight) * 0.5))
            let y = tile.centre + (radius - nameHeight) * 0.15
            let text = text(one.value)
            let share = share(one.value, panel.least ?? 0, panel.most ?? 100)
            for (end, colour) in [(1, colours.grid), (share, colour(of: one.value))] where end > 0 {
                Self.arc(
                    tile.middle, y, radius * 0.85, Self.dialStart, Self.dialStart + Self.dialSweep * end,
                    width: radius * 0.22, colour, &picture)
            }
            let size = min(radius * 0.45, radius * 1.3 / (Double(text.count) * Picture.letterShare))
            picture.text(
                text, tile.middle, y + size * 0.5, size: size, isBold: true, anchor: .middle, colour(of: one.value))
            if nameHeight > 0 {
                picture.text(
                    one.name, tile.middle, y + radius * 0.75 + 14, anchor: .middle, room: tile.width * 0.95,
                    colours.soft)
            }
        }
    }

    func bars(_ box: Box, _ picture: inout Picture) {
        let shown = lastValues.prefix(max(1, Int(box.height / Self.rowHeight)))
        let texts = shown.map { text($0.value) }
        let (names, values) = (columnWidth(shown.map(\.name), box), columnWidth(texts, box))
        let low = panel.least ?? min(0, shown.map(\.value).min() ?? 0)
        let high = panel.most ?? shown.map(\.value).max() ?? 0
        let tall = min(box.height / Double(shown.count), 60)
        let (left, room) = (box.left + names, max(1, box.width - names - values))
        for (number, one) in shown.enumerated() {
            let top = box.top + Double(number) * tall
            let middle = top + tall / 2 + 4
            picture.text(one.name, box.left, middle, room: names - 8, colours.text)
            picture.rectangle(left, top + 2, room, tall - 4, colours.grid)
            picture.rectangle(left, top + 2, room * share(one.value, low, high), tall - 4, colour(of: one.value))
            picture.text(texts[number], box.right, middle, anchor: .end, colours.text)
        }
    }

    func shares(_ box: Box, _ picture: inout Picture) {
        let shown = lastValues.enumerated().filter { $0.element.value > 0 }.sorted {
            $0.element.value > $1.element.value
        }
        let total = shown.reduce(0) { $0 + $1.element.value }
        let radius = max(8, min(box.height / 2, box.width * 0.25))
        let (x, y) = (box.left + radius, box.centre)
        var angle = -Double.pi / 2
        let tall = min(Self.rowHeight, box.height / Double(max(1, shown.count)))
        var row = box.centre - tall * Double(shown.count) / 2 + 12
        for (number, one) in shown {
            let end = angle + one.value / total * 2 * .pi
            Self.arc(x, y, radius * 0.65, angle, end, width: radius * 0.6, palette(number), &picture)
            angle = end
            let left = box.left + 2 * radius + 24
            picture.rectangle(left, row - 8, 12, 8, palette(number))
            let percent = FloatText.fixed(one.value / total * 100, decimals: 1)
            picture.text(
                "\(one.name)  \(percent)%  \(text(one.value))", left + 18, row, room: box.right - left - 18,
                colours.text)
            row += tall
        }
    }

    /// A row for each series: its labels and its last value, as the panel's table has them.
    func table(_ box: Box, _ picture: inout Picture) {
        var names: [String] = []
        for one in series {
            for pair in one.labels.pairs where !names.contains(pair.name) { names.append(pair.name) }
        }
        let shown = series.filter { $0.last != nil }
        guard !names.isEmpty else { return rows(shown.map { ($0.name, text($0.last ?? .nan)) }, box, &picture) }
        let wide = box.width / Double(names.count + 1)
        for (column, name) in names.enumerated() {
            picture.text(
                name, box.left + Double(column) * wide, box.top + 13, isBold: true, room: wide - 8, colours.soft)
        }
        picture.text("Value", box.right, box.top + 13, isBold: true, anchor: .end, colours.soft)
        let room = max(1, Int(box.height / Self.rowHeight) - 1)
        for (number, one) in shown.prefix(room).enumerated() {
            let y = box.top + Double(number + 2) * Self.rowHeight - 5
            let isLast = number == room - 1 && shown.count > room
            if isLast {
                picture.text("and \(shown.count - number) more", box.left, y, colours.soft)
                continue
            }
            for (column, name) in names.enumerated() {
                picture.text(one.labels[name], box.left + Double(column) * wide, y, room: wide - 8, colours.text)
            }
            picture.text(text(one.last ?? .nan), box.right, y, anchor: .end, colours.text)
        }
    }

    /// Entries from the newest downwards.
    func entries(_ box: Box, _ picture: inout Picture) {
        let room = max(1, Int(box.height / Self.rowHeight))
        // Digits are wider than letters.
        let wide = 25 * 11 * 0.64
        for (number, line) in lines.prefix(room).enumerated() {
            let y = box.top + Double(number + 1) * Self.rowHeight - 5
            picture.text(CivilTime(ms: line.ms).rfc3339, box.left, y, size: 11, colours.soft)
            picture.text(line.text, box.left + wide, y, size: 11, room: box.width - wide, colours.text)
        }
    }

    private func share(_ value: Double, _ low: Double, _ high: Double) -> Double {
        value.isNaN || high <= low ? 0 : min(max((value - low) / (high - low), 0), 1)
    }

    private func columnWidth(_ texts: [String], _ box: Box) -> Double {
        min(box.width * 0.35, Double(texts.map(\.count).max() ?? 0) * 12 * Picture.letterShare + 12)
    }

    /// A part of a circle as a thick line.
    private static func arc(
        _ x: Double, _ y: Double, _ radius: Double, _ from: Double, _ to: Double, width: Double, _ colour: UInt32,
        _ picture: inout Picture
    ) {
        let parts = max(2, Int((to - from) * 20))
        let points = (0...parts).flatMap { part in
            let angle = from + (to - from) * Double(part) / Double(parts)
            return [x + radius * cos(angle), y + radius * sin(angle)]
        }
        picture.line(points, width: width, colour)
    }
}

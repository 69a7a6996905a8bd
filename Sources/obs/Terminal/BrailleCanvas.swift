/// A picture of dots in cells of Braille, two wide and four high, each in the colour of what was drawn there first.
struct BrailleCanvas {
    /// In cells.
    let columns: Int
    let rows: Int
    /// The dots of a cell as bits, in the order of Unicode's Braille patterns.
    private var dots: [UInt8]
    private var owners: [Int?]

    /// Bits of the dots from top to bottom, of the left and the right half.
    private static let bits: [[UInt8]] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]]

    init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        dots = Array(repeating: 0, count: columns * rows)
        owners = Array(repeating: nil, count: columns * rows)
    }

    var dotColumns: Int { columns * 2 }
    var dotRows: Int { rows * 4 }

    /// Sets one dot, counted from the upper left. Outside of the picture nothing happens.
    mutating func set(_ x: Int, _ y: Int, owner: Int) {
        guard x >= 0, y >= 0, x < dotColumns, y < dotRows else { return }
        let cell = y / 4 * columns + x / 2
        dots[cell] |= Self.bits[x % 2][y % 4]
        if owners[cell] == nil { owners[cell] = owner }
    }

    /// A straight line by Bresenham's algorithm.
    mutating func line(from start: (x: Int, y: Int), to end: (x: Int, y: Int), owner: Int) {
        let (dx, dy) = (abs(end.x - start.x), -abs(end.y - start.y))
        let (stepX, stepY) = (start.x < end.x ? 1 : -1, start.y < end.y ? 1 : -1)
        var (x, y) = start
        var error = dx + dy
        while true {
            set(x, y, owner: owner)
            if x == end.x, y == end.y { return }
            let doubled = 2 * error
            if doubled >= dy {
                error += dy
                x += stepX
            }
            if doubled <= dx {
                error += dx
                y += stepY
            }
        }
    }

    /// A row of cells as text, with a colour for each run of one owner.
    func text(row: Int, _ console: Console) -> String {
        var text = ""
        var run = ""
        var runOwner: Int?
        func flush() {
            text += runOwner.map { console.coloured(run, Colour(series: $0)) } ?? run
            run = ""
        }
        for cell in row * columns..<(row + 1) * columns {
            let owner = dots[cell] == 0 ? nil : owners[cell]
            if owner != runOwner {
                flush()
                runOwner = owner
            }
            run.append(dots[cell] == 0 ? " " : Character(Unicode.Scalar(0x2800 + UInt32(dots[cell]))!))
        }
        flush()
        return text
    }
}

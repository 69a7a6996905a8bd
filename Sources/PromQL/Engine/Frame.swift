import Model
package import Storage

/// Series in columns: a row of cells for each series, a cell for each instant of the grid.
package struct Frame: Sendable {
    package let grid: Grid
    /// One set for each row.
    package var labels = LabelBlock()
    /// Rows whose metric name is to go when the whole expression is done.
    var dropsName: [Bool] = []
    /// Row after row; `Absent` where there is no float.
    package var values: [Double] = []
    /// Rows that hold histograms anywhere. A cell never holds both kinds.
    package var histograms: [Int: [FloatHistogram?]] = [:]

    init(grid: Grid) { self.grid = grid }

    /// The number of rows.
    package var count: Int { dropsName.count }

    /// About what it takes in memory.
    var heldBytes: Int {
        var bytes = values.count * 8 + labels.bytes.count + count * 32
        for column in histograms.values {
            for histogram in column { bytes += Self.histogramBytes + 12 * (histogram?.bucketCount ?? 0) }
        }
        return bytes
    }

    private static let histogramBytes = MemoryLayout<FloatHistogram?>.stride

    @inline(__always)
    package func cells(_ row: Int) -> Range<Int> { row * grid.count..<(row + 1) * grid.count }

    package func isPresent(_ row: Int, _ step: Int) -> Bool {
        !Absent.isAbsent(values[row * grid.count + step])
            || (!histograms.isEmpty && histograms[row]?[step] != nil)
    }

    func firstPresentStep(_ row: Int) -> Int? { (0..<grid.count).first { isPresent(row, $0) } }

    package func point(_ row: Int, _ step: Int) -> Point? {
        let value = values[row * grid.count + step]
        if !Absent.isAbsent(value) { return .float(value) }
        guard !histograms.isEmpty, let histogram = histograms[row]?[step] else { return nil }
        return .histogram(histogram)
    }

    mutating func removeAll() {
        labels.removeAll()
        dropsName.removeAll(keepingCapacity: true)
        values.removeAll(keepingCapacity: true)
        histograms.removeAll(keepingCapacity: true)
    }

    /// Adds a row of absent cells.
    mutating func appendEmptyRow(_ labels: Labels, dropsName: Bool) {
        self.labels.append(labels)
        appendCells(dropsName: dropsName)
    }

    /// Cells for a row whose labels were already added.
    mutating func appendCells(dropsName: Bool) {
        self.dropsName.append(dropsName)
        values.append(contentsOf: repeatElement(Absent.value, count: grid.count))
    }

    /// Adds a row of another frame of the same grid.
    mutating func appendRow(_ row: Int, of other: Frame) {
        labels.appendSet(row, of: other.labels)
        appendCells(of: row, of: other)
    }

    /// The cells of another frame's row, without its labels.
    mutating func appendCells(of row: Int, of other: Frame) {
        if let column = other.histograms[row] { histograms[count] = column }
        dropsName.append(other.dropsName[row])
        values.append(contentsOf: other.values[other.cells(row)])
    }

    mutating func set(_ point: Point?, row: Int, step: Int) {
        let cell = row * grid.count + step
        switch point {
        case .float(let value):
            values[cell] = Absent.cell(value)
            if !histograms.isEmpty { histograms[row]?[step] = nil }
        case .histogram(let histogram):
            values[cell] = Absent.value
            histograms[row, default: Array(repeating: nil, count: grid.count)][step] = histogram
        case nil:
            values[cell] = Absent.value
            if !histograms.isEmpty { histograms[row]?[step] = nil }
        }
    }

    /// Only these rows, in this order.
    func selecting(_ rows: some Sequence<Int>) -> Frame {
        var frame = Frame(grid: grid)
        for row in rows { frame.appendRow(row, of: self) }
        return frame
    }

    /// Without rows that hold nothing.
    func withoutEmptyRows() -> Frame {
        let rows = (0..<count).filter { hasSamples($0) }
        return rows.count == count ? self : selecting(rows)
    }

    package func hasFloats(_ row: Int) -> Bool {
        let cells = values.span
        for cell in self.cells(row) where !Absent.isAbsent(cells[cell]) { return true }
        return false
    }

    func hasSamples(_ row: Int) -> Bool {
        hasFloats(row) || (histograms[row]?.contains { $0 != nil } ?? false)
    }

    /// A frame of more instants of which each holds what the only instant of this one holds.
    func repeated(over grid: Grid) -> Frame {
        var frame = Frame(grid: grid)
        frame.labels = labels
        frame.dropsName = dropsName
        frame.values.reserveCapacity(count * grid.count)
        for value in values { frame.values.append(contentsOf: repeatElement(value, count: grid.count)) }
        for (row, column) in histograms { frame.histograms[row] = Array(repeating: column[0], count: grid.count) }
        return frame
    }
}

/// One sample without its time.
package enum Point: Sendable {
    case float(Double)
    case histogram(FloatHistogram)
}

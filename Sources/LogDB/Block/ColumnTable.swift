/// The values of a block's lines, column after column. Keeps its storage from block to block.
struct ColumnTable {
    private var slices: [Slice] = []
    private var rowOf: [Int32] = []
    /// Behind the values of each column, one more at the start.
    private var ends = [0]

    /// Replaces what it holds. All columns are filled in one walk over the rows: a walk for each would read the values once
    /// per column.
    mutating func fill(from shaper: LineShaper) {
        var columns: [Int32] = []
        var firstColumn: [Int] = [0]
        for shape in shaper.shapes {
            for column in shape.columns { columns.append(Int32(column)) }
            for column in shape.metadataColumns { columns.append(Int32(column)) }
            firstColumn.append(columns.count)
        }
        var rowsOfShape = [Int](repeating: 0, count: shaper.shapes.count)
        for shape in shaper.shapeOf { rowsOfShape[Int(shape)] += 1 }
        ends = [Int](repeating: 0, count: shaper.names.count + 1)
        for (shape, rows) in rowsOfShape.enumerated() {
            for place in firstColumn[shape]..<firstColumn[shape + 1] { ends[Int(columns[place]) + 1] += rows }
        }
        for column in shaper.names.indices { ends[column + 1] += ends[column] }
        slices.removeAll(keepingCapacity: true)
        slices.append(contentsOf: repeatElement(Slice(start: 0, count: 0), count: shaper.values.count))
        rowOf.removeAll(keepingCapacity: true)
        rowOf.append(contentsOf: repeatElement(0, count: shaper.values.count))
        var next = ends
        for (row, shape) in shaper.shapeOf.enumerated() {
            let first = firstColumn[Int(shape)]
            let value = Int(shaper.firstValue[row]) - first
            for place in first..<firstColumn[Int(shape) + 1] {
                let column = Int(columns[place])
                slices[next[column]] = shaper.values[value + place]
                rowOf[next[column]] = Int32(row)
                next[column] += 1
            }
        }
    }

    @_lifetime(borrow self)
    func values(ofColumn column: Int) -> Span<Slice> { slices.span.extracting(ends[column]..<ends[column + 1]) }

    /// The row of each value.
    func rows(ofColumn column: Int) -> ArraySlice<Int32> { rowOf[ends[column]..<ends[column + 1]] }
}

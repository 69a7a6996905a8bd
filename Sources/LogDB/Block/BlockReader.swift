import Encoding
import Posix

/// One reader's way to a block: what was asked for once is at hand. For one thread at a time.
final class BlockReader {
    let rows: Int
    let shapes: [LineShape]
    let shapeOf: [UInt16]
    let columns: [StoredBlock.Entry]
    private let block: StoredBlock
    private var times: [Int64]?
    private var read: [Column?]
    private var ranks: [[Int32]?]

    init(_ block: StoredBlock) {
        self.block = block
        (rows, shapes, shapeOf, columns) = (block.rows, block.shapes, block.shapeOf, block.columns)
        read = [Column?](repeating: nil, count: columns.count)
        ranks = [[Int32]?](repeating: nil, count: columns.count)
    }

    func timestampsNs() throws(DecodeError) -> [Int64] {
        if let times { return times }
        let told = try block.timestampsNs()
        times = told
        return told
    }

    func column(_ index: Int) throws(DecodeError) -> Column {
        if let column = read[index] { return column }
        let column = try block.column(index)
        read[index] = column
        return column
    }

    /// For each row the place of its value in a column, or -1.
    func rank(ofColumn index: Int) -> [Int32] {
        if let known = ranks[index] { return known }
        let rank = block.rank(ofColumn: index)
        ranks[index] = rank
        return rank
    }

    /// Tells what is stored, decompressed: names and literals, and the bytes of each column.
    func forEachSection(_ tell: (Span<UInt8>) -> Void) throws(DecodeError) {
        for shape in shapes {
            for literal in shape.literals { tell(literal.span) }
        }
        for entry in columns {
            let name = entry.name.name
            tell(name.span)
            let section = try block.section(entry)
            tell(section.span)
        }
    }
}

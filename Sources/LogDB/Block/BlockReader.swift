import Encoding

/// Reads one block: what a question does not name is not unpacked.
final class BlockReader {
    let rows: Int
    private(set) var timestampsNs: [Int64] = []
    let shapes: [LineShape]
    let shapeOf: [UInt16]
    let columns: [Entry]
    private let payloads: [UInt8]
    private let context: UnpackContext
    private var read: [Column?]
    private var ranks: [[Int32]?]

    /// What the directory says of a column.
    struct Entry {
        var name: ColumnName
        var kind: ColumnKind
        /// No longer run of letters and digits is in the texts of its values.
        var longestRun: Int
        var count: Int
        var payload: Range<Int>
        var numbers: ClosedRange<Double>?
    }

    /// Reads everything but the columns of a block whose bytes have the right checksum.
    init(_ body: Span<UInt8>, rows: Int, _ context: UnpackContext) throws(DecodeError) {
        self.rows = rows
        self.context = context
        var reader = ByteReader(body)
        let sum = try reader.readLittleEndian(UInt32.self)
        guard CRC32C.of(body.extracting(4..<body.count)) == sum else {
            throw DecodeError(.invalidCharacter(body[0]), at: 0)
        }
        var times = try reader.readSlice(Int(clamping: try reader.readVarint()))
        timestampsNs = try IntegerBlocks.decode(&times, count: rows)
        let section = try Self.unpack(try reader.readBytes(Int(clamping: try reader.readVarint())), context)
        var shapeReader = ByteReader(section.span)
        shapes = try Self.readShapes(&shapeReader)
        shapeOf = try Self.readShapeNumbers(&shapeReader, rows, shapes.count)
        var entries: [Entry] = []
        var end = 0
        let count = try reader.readVarint()
        guard count <= UInt64(LineShaper.columnsMax) else {
            throw DecodeError(.invalidCharacterCount(Int(clamping: count)), at: reader.offset)
        }
        for _ in 0..<count { entries.append(try Self.readEntry(&reader, &end, rows)) }
        columns = entries
        var bytes: [UInt8] = []
        bytes.append(try reader.readBytes(end))
        payloads = bytes
        read = [Column?](repeating: nil, count: entries.count)
        ranks = [[Int32]?](repeating: nil, count: entries.count)
        try check()
    }

    private static func readEntry(
        _ reader: inout ByteReader, _ end: inout Int, _ rows: Int
    ) throws(DecodeError) -> Entry {
        let at = reader.offset
        let tag = try reader.readByte()
        guard let source = ColumnName.Source(rawValue: tag) else { throw DecodeError(.invalidCharacter(tag), at: at) }
        let kindTag = try reader.readByte()
        guard let kind = ColumnKind(rawValue: kindTag) else { throw DecodeError(.invalidCharacter(kindTag), at: at) }
        let longestRun = Int(clamping: try reader.readVarint())
        var name: [UInt8] = []
        name.append(try reader.readBytes(Int(clamping: try reader.readVarint())))
        let values = Int(clamping: try reader.readVarint())
        let size = Int(clamping: try reader.readVarint())
        guard values <= rows, size > 0, size <= reader.remaining - end else {
            throw DecodeError(.invalidCharacterCount(values), at: at)
        }
        var numbers: ClosedRange<Double>?
        if try reader.readByte() != 0 {
            let low = Double(bitPattern: try reader.readLittleEndian(UInt64.self))
            let high = Double(bitPattern: try reader.readLittleEndian(UInt64.self))
            guard low <= high else { throw DecodeError(.invalidCharacterCount(values), at: at) }
            numbers = low...high
        }
        end += size
        return Entry(
            name: ColumnName(source: source, name: name), kind: kind, longestRun: longestRun, count: values,
            payload: (end - size)..<end, numbers: numbers)
    }

    private static func readShapes(_ reader: inout ByteReader) throws(DecodeError) -> [LineShape] {
        let count = try reader.readVarint()
        guard count <= UInt64(LineShaper.shapesMax) + 1 else {
            throw DecodeError(.invalidCharacterCount(Int(clamping: count)), at: reader.offset)
        }
        var shapes: [LineShape] = []
        for _ in 0..<count {
            var shape = LineShape(literals: [], columns: [], metadataColumns: [])
            let values = try reader.readVarint()
            guard values > 0, values <= UInt64(reader.remaining) else {
                throw DecodeError(.invalidCharacterCount(Int(clamping: values)), at: reader.offset)
            }
            for _ in 0...values {
                var literal: [UInt8] = []
                literal.append(try reader.readBytes(Int(clamping: try reader.readVarint())))
                shape.literals.append(literal)
            }
            for _ in 0..<values { shape.columns.append(Int(clamping: try reader.readVarint())) }
            let metadata = try reader.readVarint()
            guard metadata <= UInt64(reader.remaining) else {
                throw DecodeError(.invalidCharacterCount(Int(clamping: metadata)), at: reader.offset)
            }
            for _ in 0..<metadata { shape.metadataColumns.append(Int(clamping: try reader.readVarint())) }
            shapes.append(shape)
        }
        return shapes
    }

    private static func readShapeNumbers(
        _ reader: inout ByteReader, _ rows: Int, _ shapes: Int
    ) throws(DecodeError) -> [UInt16] {
        var numbers: [UInt16] = []
        numbers.reserveCapacity(rows)
        for _ in 0..<rows {
            var number = UInt16(try reader.readByte())
            if shapes > 256 { number |= UInt16(try reader.readByte()) << 8 }
            guard Int(number) < shapes else { throw DecodeError(.invalidCharacter(0), at: reader.offset) }
            numbers.append(number)
        }
        return numbers
    }

    /// Every column has as many values as the shapes of the lines ask for.
    private func check() throws(DecodeError) {
        var lines = [Int](repeating: 0, count: shapes.count)
        for shape in shapeOf { lines[Int(shape)] += 1 }
        var counts = [Int](repeating: 0, count: columns.count)
        for (number, shape) in shapes.enumerated() {
            for column in shape.columns + shape.metadataColumns {
                guard column < counts.count else { throw DecodeError(.invalidCharacterCount(column), at: 0) }
                counts[column] += lines[number]
            }
        }
        for (column, entry) in columns.enumerated() where entry.count != counts[column] {
            throw DecodeError(.invalidCharacterCount(entry.count), at: 0)
        }
    }

    private static func unpack(
        _ stored: Span<UInt8>, _ context: UnpackContext
    ) throws(DecodeError) -> [UInt8] {
        var reader = ByteReader(stored)
        let tag = try reader.readByte()
        var bytes: [UInt8] = []
        switch BlockFormat.Coding(rawValue: tag) {
        case .plain: bytes.append(try reader.readBytes(reader.remaining))
        case .zstd:
            let count = Int(clamping: try reader.readVarint())
            guard count <= BlockFormat.sectionBytesMax else {
                throw DecodeError(.invalidCharacterCount(count), at: reader.offset)
            }
            let packed = try reader.readBytes(reader.remaining)
            do throws(CompressionError) {
                try context.decompress(packed, count: count, appendingTo: &bytes)
            } catch {
                throw DecodeError(.invalidCharacter(tag), at: reader.offset)
            }
        case nil: throw DecodeError(.invalidCharacter(tag), at: 0)
        }
        return bytes
    }

    /// Tells what is stored, decompressed: names and literals, and the bytes of each column.
    func forEachSection(_ tell: (Span<UInt8>) -> Void) throws(DecodeError) {
        for shape in shapes {
            for literal in shape.literals { tell(literal.span) }
        }
        let payloads = payloads
        for entry in columns {
            let name = entry.name.name
            tell(name.span)
            let section = try Self.unpack(payloads.span.extracting(entry.payload), context)
            tell(section.span)
        }
    }

    // MARK: columns

    func column(_ index: Int) throws(DecodeError) -> Column {
        if let column = read[index] { return column }
        let entry = columns[index]
        let payloads = payloads
        let section = try Self.unpack(payloads.span.extracting(entry.payload), context)
        var reader = ByteReader(section.span)
        let column = try Column.read(
            &reader, count: entry.count,
            timestampsNs: { [self] _ throws(DecodeError) in
                var times: [Int64] = []
                for (row, rank) in rank(ofColumn: index).enumerated() where rank >= 0 {
                    times.append(timestampsNs[row])
                }
                return times
            })
        read[index] = column
        return column
    }

    /// For each row the place of its value in a column, or -1.
    func rank(ofColumn index: Int) -> [Int32] {
        if let known = ranks[index] { return known }
        let holds = shapes.map { $0.columns.contains(index) || $0.metadataColumns.contains(index) }
        var next: Int32 = 0
        let rank = shapeOf.map { shape -> Int32 in
            guard holds[Int(shape)] else { return -1 }
            defer { next += 1 }
            return next
        }
        ranks[index] = rank
        return rank
    }
}

/// Working memory of one who reads blocks one after the other; for one thread at a time.
final class UnpackContext {
    private var decompressor: ZstandardDecompressor?

    func decompress(
        _ packed: Span<UInt8>, count: Int, appendingTo bytes: inout [UInt8]
    ) throws(CompressionError) {
        if decompressor == nil { decompressor = try ZstandardDecompressor() }
        try decompressor?.decompress(packed, count: count, appendingTo: &bytes)
    }
}

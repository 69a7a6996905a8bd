import Encoding
import Posix

/// A block as it lies in the file of its part, with what of it was unpacked so far. All who read the block share it.
final class StoredBlock: Sendable {
    let rows: Int
    let shapes: [LineShape]
    let shapeOf: [UInt16]
    let columns: [Entry]
    private let file: MappedFile
    private let timestamps: Range<Int>
    private let decompressors: DecompressorPool
    private let unpacked: Lock<Unpacked>

    /// What the directory says of a column.
    struct Entry {
        var name: ColumnName
        var kind: ColumnKind
        /// No longer run of letters and digits is in the texts of its values.
        var longestRun: Int
        var count: Int
        /// In the file.
        var payload: Range<Int>
        /// CRC-32C of the payload.
        var sum: UInt32
        var numbers: ClosedRange<Double>?
    }

    private struct Unpacked {
        var timestampsNs: [Int64]?
        var columns: [SharedColumn?]
        var ranks: [[Int32]?]
        var bytes: Int
    }

    /// Reads what stands before the columns.
    ///
    /// - Parameter range: of the block in the file.
    init(
        _ file: MappedFile, _ range: Range<Int>, rows: Int, _ decompressors: DecompressorPool
    ) throws(DecodeError) {
        let body = file.bytes.extracting(range)
        var reader = ByteReader(body)
        let sum = try reader.readLittleEndian(UInt32.self)
        let headBytes = Int(try reader.readLittleEndian(UInt32.self))
        let headStart = reader.offset
        let head = try reader.readBytes(headBytes)
        guard CRC32C.of(head) == sum else { throw DecodeError(.invalidCharacter(body[0]), at: 0) }
        var end = range.lowerBound + reader.offset
        reader = ByteReader(head)
        let timesBytes = Int(clamping: try reader.readVarint())
        let timesStart = range.lowerBound + headStart + reader.offset
        try reader.skip(timesBytes)
        timestamps = timesStart..<timesStart + timesBytes
        let section = try decompressors.unpack(try reader.readBytes(Int(clamping: try reader.readVarint())))
        var shapeReader = ByteReader(section.span)
        shapes = try Self.readShapes(&shapeReader)
        shapeOf = try Self.readShapeNumbers(&shapeReader, rows, shapes.count)
        let count = try reader.readVarint()
        guard count <= UInt64(LineShaper.columnsMax) else {
            throw DecodeError(.invalidCharacterCount(Int(clamping: count)), at: reader.offset)
        }
        var entries: [Entry] = []
        for _ in 0..<count { entries.append(try Self.readEntry(&reader, &end, rows, limit: range.upperBound)) }
        columns = entries
        (self.rows, self.file, self.decompressors) = (rows, file, decompressors)
        unpacked = Lock(
            Unpacked(
                columns: [SharedColumn?](repeating: nil, count: entries.count),
                ranks: [[Int32]?](repeating: nil, count: entries.count),
                bytes: section.count + rows * 2 + entries.count * 200))
        try check()
    }

    private static func readEntry(
        _ reader: inout ByteReader, _ end: inout Int, _ rows: Int, limit: Int
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
        guard values <= rows, size > 0, size <= limit - end else {
            throw DecodeError(.invalidCharacterCount(values), at: at)
        }
        let sum = try reader.readLittleEndian(UInt32.self)
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
            payload: (end - size)..<end, sum: sum, numbers: numbers)
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

    /// About what it takes in memory, with what was unpacked of it.
    var heldBytes: Int { unpacked.withLock { $0.bytes } }

    // MARK: what is unpacked when it is asked for

    func timestampsNs() throws(DecodeError) -> [Int64] {
        if let known = unpacked.withLock({ $0.timestampsNs }) { return known }
        let file = file
        var reader = ByteReader(file.bytes.extracting(timestamps))
        let times = try IntegerBlocks.decode(&reader, count: rows)
        unpacked.withLock { unpacked in
            if unpacked.timestampsNs == nil { unpacked.bytes += times.count * 8 }
            unpacked.timestampsNs = times
        }
        return times
    }

    /// The bytes of a column as they are without compression, held against their checksum.
    func section(_ entry: Entry) throws(DecodeError) -> [UInt8] {
        let file = file
        let stored = file.bytes.extracting(entry.payload)
        guard CRC32C.of(stored) == entry.sum else {
            throw DecodeError(.invalidCharacter(stored[0]), at: entry.payload.lowerBound)
        }
        return try decompressors.unpack(stored)
    }

    func column(_ index: Int) throws(DecodeError) -> Column {
        if let known = unpacked.withLock({ $0.columns[index] }) { return known.column }
        let entry = columns[index]
        let section = try section(entry)
        var reader = ByteReader(section.span)
        let column = try Column.read(
            &reader, count: entry.count,
            timestampsNs: { [self] _ throws(DecodeError) in
                let times = try timestampsNs()
                var own: [Int64] = []
                own.reserveCapacity(entry.count)
                for (row, rank) in rank(ofColumn: index).enumerated() where rank >= 0 { own.append(times[row]) }
                return own
            })
        let shared = SharedColumn(column: column)
        unpacked.withLock { unpacked in
            if unpacked.columns[index] == nil { unpacked.bytes += section.count * 2 }
            unpacked.columns[index] = shared
        }
        return column
    }

    /// For each row the place of its value in a column, or -1.
    func rank(ofColumn index: Int) -> [Int32] {
        if let known = unpacked.withLock({ $0.ranks[index] }) { return known }
        let holds = shapes.map { $0.columns.contains(index) || $0.metadataColumns.contains(index) }
        var next: Int32 = 0
        let rank = shapeOf.map { shape -> Int32 in
            guard holds[Int(shape)] else { return -1 }
            defer { next += 1 }
            return next
        }
        unpacked.withLock { unpacked in
            if unpacked.ranks[index] == nil { unpacked.bytes += rank.count * 4 }
            unpacked.ranks[index] = rank
        }
        return rank
    }
}

/// Working memory for unpacking sections, as much as was ever in use at once up to a bound.
final class DecompressorPool: Sendable {
    private static let keptMax = 16
    private let kept = Lock<[PooledDecompressor]>([])

    func unpack(_ stored: Span<UInt8>) throws(DecodeError) -> [UInt8] {
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
            let decompressor = kept.withLock { $0.popLast() } ?? PooledDecompressor()
            guard decompressor.decompress(packed, count: count, appendingTo: &bytes) else {
                throw DecodeError(.invalidCharacter(tag), at: reader.offset)
            }
            kept.withLock { if $0.count < Self.keptMax { $0.append(decompressor) } }
        case nil: throw DecodeError(.invalidCharacter(tag), at: 0)
        }
        return bytes
    }
}

/// Used by one thread at a time, which has taken it out of the pool.
private final class PooledDecompressor: Sendable {
    private let decompressor = Lock<Holder>(Holder())

    private struct Holder: ~Copyable {
        var decompressor: ZstandardDecompressor?
    }

    /// False where the bytes are damaged.
    func decompress(_ packed: Span<UInt8>, count: Int, appendingTo bytes: inout [UInt8]) -> Bool {
        var unpacked: [UInt8] = []
        let isRight = decompressor.withLock { holder in
            do throws(CompressionError) {
                if holder.decompressor == nil { holder.decompressor = try ZstandardDecompressor() }
                try holder.decompressor?.decompress(packed, count: count, appendingTo: &unpacked)
                return true
            } catch {
                return false
            }
        }
        bytes += unpacked
        return isRight
    }
}

import Encoding

/// Rows that become a block, sorted by stream and time.
struct BlockInput {
    /// Lines and metadata.
    var text: [UInt8] = []
    var streams: [UInt32] = []
    var timestampsNs: [Int64] = []
    var lines: [Slice] = []
    var metadata: [Slice] = []

    var count: Int { streams.count }

    mutating func removeAll() {
        text.removeAll(keepingCapacity: true)
        streams.removeAll(keepingCapacity: true)
        timestampsNs.removeAll(keepingCapacity: true)
        lines.removeAll(keepingCapacity: true)
        metadata.removeAll(keepingCapacity: true)
    }

    mutating func append(stream: UInt32, _ timestampNs: Int64, _ line: Span<UInt8>, metadata bytes: Span<UInt8>) {
        streams.append(stream)
        timestampsNs.append(timestampNs)
        lines.append(Slice(start: UInt32(text.count), count: UInt32(line.count)))
        text.append(line)
        metadata.append(Slice(start: UInt32(text.count), count: UInt32(bytes.count)))
        text.append(bytes)
    }
}

/// Bounds of a block, for those who write one and those who read what may be hostile.
enum BlockFormat {
    /// A block is closed when it has this many rows or this much text.
    static let rowsMax = 8192
    static let textBytesMax = 4 << 20

    static func isFull(rows: Int, textBytes: Int) -> Bool { rows >= rowsMax || textBytes >= textBytesMax }

    /// What a reader takes at most for one section: a block may hold one row of any length that is taken at all.
    static let sectionBytesMax = 256 << 20

    enum Coding: UInt8 {
        case plain, zstd
    }
}

/// A block that is written, beside its place in a part.
struct EncodedBlock {
    /// Streams of the part and how many rows each has, in order.
    var runs: [(stream: UInt32, rows: Int)] = []
    var body: [UInt8] = []
    var filter: [UInt8] = []
    var rows = 0
    var rawBytes = 0
    var minNs = Int64.max
    var maxNs = Int64.min
}

/// Writes blocks. Keeps its working memory between them.
struct BlockWriter: ~Copyable {
    private var compressor: ZstandardCompressor
    private var shaper = LineShaper()
    private var table = ColumnTable()
    /// Shorter sections are not worth a frame.
    private static let compressedBytesMin = 64
    static let level = 3

    init() throws(CompressionError) {
        compressor = try ZstandardCompressor(level: Self.level)
    }

    mutating func encode(_ input: BlockInput) throws(CompressionError) -> EncodedBlock {
        var block = EncodedBlock()
        block.rows = input.count
        for index in input.streams.indices {
            if block.runs.last?.stream == input.streams[index] {
                block.runs[block.runs.count - 1].rows += 1
            } else {
                block.runs.append((input.streams[index], 1))
            }
            block.minNs = min(block.minNs, input.timestampsNs[index])
            block.maxNs = max(block.maxNs, input.timestampsNs[index])
            block.rawBytes += Int(input.lines[index].count)
        }
        shaper.removeAll()
        for index in input.lines.indices {
            shaper.add(input.lines[index], metadata: input.metadata[index], in: input.text.span)
        }
        var encoder = ColumnEncoder()
        var head: [UInt8] = []
        var section: [UInt8] = []
        IntegerBlocks.encode(input.timestampsNs, to: &section)
        head.appendVarint(UInt64(section.count))
        head += section
        section.removeAll(keepingCapacity: true)
        Self.encodeShapes(shaper, &encoder.filter, to: &section)
        var packed: [UInt8] = []
        try pack(section.span, to: &packed)
        head.appendVarint(UInt64(packed.count))
        head += packed
        let payloads = try encodeColumns(shaper, input, &encoder, to: &head)
        block.body.appendLittleEndian(CRC32C.of(head.span))
        block.body.appendLittleEndian(UInt32(head.count))
        block.body += head
        block.body += payloads
        encoder.filter.encode(to: &block.filter)
        return block
    }

    private static func encodeShapes(_ shaper: LineShaper, _ filter: inout TextFilter, to bytes: inout [UInt8]) {
        bytes.appendVarint(UInt64(shaper.shapes.count))
        for shape in shaper.shapes {
            bytes.appendVarint(UInt64(shape.columns.count))
            for literal in shape.literals {
                bytes.appendVarint(UInt64(literal.count))
                bytes += literal
                filter.add(literal.span)
            }
            for column in shape.columns { bytes.appendVarint(UInt64(column)) }
            bytes.appendVarint(UInt64(shape.metadataColumns.count))
            for column in shape.metadataColumns { bytes.appendVarint(UInt64(column)) }
        }
        let isWide = shaper.shapes.count > 256
        for shape in shaper.shapeOf {
            bytes.append(UInt8(truncatingIfNeeded: shape))
            if isWide { bytes.append(UInt8(truncatingIfNeeded: shape >> 8)) }
        }
    }

    /// Appends the directory of the columns.
    ///
    /// - Returns: the columns.
    private mutating func encodeColumns(
        _ shaper: LineShaper, _ input: BlockInput, _ encoder: inout ColumnEncoder, to bytes: inout [UInt8]
    ) throws(CompressionError) -> [UInt8] {
        var payloads: [UInt8] = []
        var section: [UInt8] = []
        table.fill(from: shaper)
        let table = table
        bytes.appendVarint(UInt64(shaper.names.count))
        for (column, name) in shaper.names.enumerated() {
            let values = table.values(ofColumn: column)
            section.removeAll(keepingCapacity: true)
            encoder.filter.beginColumn()
            let kind = encoder.encode(
                values, in: input.text.span,
                moments: .of(column: column, table, timestampsNs: input.timestampsNs), to: &section)
            let start = payloads.count
            // Ids and addresses are as good as random.
            if kind == .ids || kind == .addresses {
                payloads.append(BlockFormat.Coding.plain.rawValue)
                payloads += section
            } else {
                try pack(section.span, to: &payloads)
            }
            bytes.append(name.source.rawValue)
            bytes.append(kind.rawValue)
            bytes.appendVarint(UInt64(encoder.filter.longestOfColumn))
            bytes.appendVarint(UInt64(name.name.count))
            bytes += name.name
            bytes.appendVarint(UInt64(values.count))
            bytes.appendVarint(UInt64(payloads.count - start))
            bytes.appendLittleEndian(CRC32C.of(payloads.span.extracting(start..<payloads.count)))
            bytes.append(encoder.numberRange == nil ? 0 : 1)
            if let range = encoder.numberRange {
                bytes.appendLittleEndian(range.lowerBound.bitPattern)
                bytes.appendLittleEndian(range.upperBound.bitPattern)
            }
        }
        return payloads
    }

    /// Appends a section: how it is coded, how long it was, and its bytes.
    private mutating func pack(_ section: Span<UInt8>, to bytes: inout [UInt8]) throws(CompressionError) {
        let start = bytes.count
        if section.count >= Self.compressedBytesMin {
            bytes.append(BlockFormat.Coding.zstd.rawValue)
            bytes.appendVarint(UInt64(section.count))
            try compressor.compress(section, appendingTo: &bytes)
            if bytes.count - start < section.count { return }
            bytes.removeLast(bytes.count - start)
        }
        bytes.append(BlockFormat.Coding.plain.rawValue)
        bytes.append(section)
    }
}

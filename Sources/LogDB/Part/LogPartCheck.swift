package import Encoding
package import Posix

/// Reads pieces of a part as the store does, whatever they hold.
package enum LogPartCheck {
    /// The index of a part whose other files are empty of blocks or as given.
    package static func index(_ bytes: Span<UInt8>, blocks: MappedFile, streams: Int) throws(DecodeError) {
        _ = try LogPart.readIndex(bytes, blocksCount: blocks.count, streams: streams)
    }

    private static let sectionsBytes = 4096

    /// The head of a block, under a checksum that is right, before sections of zeros.
    package static func head(_ bytes: Span<UInt8>, rows: Int) throws(DecodeError) {
        var body: [UInt8] = []
        body.appendLittleEndian(CRC32C.of(bytes))
        body.appendLittleEndian(UInt32(bytes.count))
        body.append(bytes)
        body.append(contentsOf: repeatElement(0, count: sectionsBytes))
        let file = MappedFile(copying: body.span, path: LogPartFormat.blocksFile)
        let block = try StoredBlock(file, 0..<body.count, rows: rows, DecompressorPool())
        _ = try block.timestampsNs()
        for column in block.columns.indices { _ = block.rank(ofColumn: column) }
    }

    /// A column of so many values: all of them are told, searched and compared.
    package static func column(_ bytes: Span<UInt8>, count: Int) throws(DecodeError) {
        var reader = ByteReader(bytes)
        let column = try Column.read(&reader, count: count) { count in [Int64](repeating: 0, count: count) }
        var text: [UInt8] = []
        for index in 0..<column.count { column.append(index, to: &text) }
        var marks = [Bool](repeating: false, count: column.count)
        column.mark(containing: Needle(Array("a1".utf8)), into: &marks)
        column.mark(containing: Needle(Array("a1".utf8), foldsCase: true), into: &marks)
        _ = column.numbers()
    }

    /// The filter of a block, asked for a needle.
    package static func filter(_ bytes: Span<UInt8>) throws(DecodeError) {
        _ = try FilterReader(bytes).mayContain(PreparedNeedle(Array(" needle 00ff17ab00ff17ab".utf8)), bytes)
    }
}

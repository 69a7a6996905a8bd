import Encoding
import LabelIndex
import Parts
import Posix

/// An opened part: mapped files, with the index of its blocks read and checked.
final class LogPart: Sendable {
    let blocks: MappedFile
    private let index: MappedFile
    let labels: LabelSegment
    let entries: [BlockEntry]
    /// Deletions with numbers up to this one were applied when it was written.
    let deletionsApplied: UInt64
    let rawBytes: Int

    static func open(_ files: PartFiles) throws(PartDamage) -> LogPart {
        let labels = try files.map(LogPartFormat.labelsFile)
        let blocks = try files.map(LogPartFormat.blocksFile)
        let index = try files.map(LogPartFormat.indexFile, verifying: true)
        let segment: LabelSegment
        do throws(LabelIndexError) {
            segment = try LabelSegment(labels)
        } catch {
            throw .corrupt(file: LogPartFormat.labelsFile, reason: "\(error)")
        }
        do throws(DecodeError) {
            return try LogPart(blocks, index, segment)
        } catch {
            throw .corrupt(file: LogPartFormat.indexFile, reason: "\(error.reason) at offset \(error.offset)")
        }
    }

    init(_ blocks: MappedFile, _ index: MappedFile, _ labels: LabelSegment) throws(DecodeError) {
        try LogPartFormat.check(header: blocks.bytes)
        try LogPartFormat.check(header: index.bytes)
        var reader = ByteReader(index.bytes)
        try reader.skip(LogPartFormat.headerBytes)
        deletionsApplied = try reader.readVarint()
        let count = try reader.readVarint()
        guard count <= UInt64(reader.remaining) else {
            throw DecodeError(.invalidCharacterCount(Int(clamping: count)), at: reader.offset)
        }
        var entries: [BlockEntry] = []
        for _ in 0..<count { entries.append(try BlockEntry(&reader)) }
        var rawBytes = 0
        for number in entries.indices {
            let entry = entries[number]
            let start = reader.offset
            try reader.skip(entry.filter.count)
            entries[number].filter = start..<reader.offset
            _ = try FilterReader(index.bytes.extracting(entries[number].filter))
            guard entry.rows > 0, entry.rows <= Int(UInt16.max), entry.offset >= LogPartFormat.headerBytes,
                entry.runsBytes + entry.bodyBytes <= blocks.count - entry.offset,
                entry.firstStream <= entry.lastStream, Int(entry.lastStream) < labels.count, entry.minNs <= entry.maxNs
            else { throw DecodeError(.invalidCharacterCount(number), at: start) }
            rawBytes += entry.rawBytes
        }
        (self.blocks, self.index, self.labels, self.entries) = (blocks, index, labels, entries)
        self.rawBytes = rawBytes
    }

    /// Streams of a block, by their place in `labels`, and how many rows each has.
    func runs(_ entry: BlockEntry) throws(DecodeError) -> [(stream: UInt32, rows: Int)] {
        let blocks = blocks
        let stored = blocks.bytes.extracting(entry.offset..<(entry.offset + entry.runsBytes))
        guard CRC32C.of(stored) == entry.runsSum else {
            throw DecodeError(.invalidCharacterCount(entry.runsBytes), at: entry.offset)
        }
        var reader = ByteReader(stored)
        var runs: [(stream: UInt32, rows: Int)] = []
        var stream = entry.firstStream
        var left = entry.rows
        while !reader.isAtEnd {
            stream &+= UInt32(truncatingIfNeeded: try reader.readVarint())
            let rows = Int(clamping: try reader.readVarint())
            guard rows > 0, rows <= left, stream <= entry.lastStream else {
                throw DecodeError(.invalidCharacterCount(rows), at: entry.offset + reader.offset)
            }
            left -= rows
            runs.append((stream, rows))
        }
        guard left == 0 else { throw DecodeError(.truncated(missing: left), at: entry.offset) }
        return runs
    }

    func body(_ entry: BlockEntry) -> Range<Int> {
        let start = entry.offset + entry.runsBytes
        return start..<(start + entry.bodyBytes)
    }

    func reader(_ entry: BlockEntry, _ context: UnpackContext) throws(DecodeError) -> BlockReader {
        let blocks = blocks
        return try BlockReader(blocks.bytes.extracting(body(entry)), rows: entry.rows, context)
    }

    func mayContain(_ needle: PreparedNeedle, _ entry: BlockEntry) throws(DecodeError) -> Bool {
        let index = index
        let bytes = index.bytes.extracting(entry.filter)
        return try FilterReader(bytes).mayContain(needle, bytes)
    }

    /// Appends the filter of a block as it is stored.
    func appendFilter(_ entry: BlockEntry, to bytes: inout [UInt8]) {
        let index = index
        bytes.append(index.bytes.extracting(entry.filter))
    }
}

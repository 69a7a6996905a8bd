import Encoding
import LabelIndex
import Model
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
    /// Labels of all streams, once they were asked for, where these are few.
    private let known = Lock<[Labels]?>(nil)
    private static let knownMax = 4096
    private let used = Lock<[UInt32]?>(nil)

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
        (deletionsApplied, entries) = try Self.readIndex(index.bytes, blocksCount: blocks.count, streams: labels.count)
        (self.blocks, self.index, self.labels) = (blocks, index, labels)
        rawBytes = entries.reduce(0) { $0 + $1.rawBytes }
    }

    /// Reads an index that belongs to so many bytes of blocks and so many streams.
    static func readIndex(
        _ bytes: Span<UInt8>, blocksCount: Int, streams: Int
    ) throws(DecodeError) -> (deletionsApplied: UInt64, entries: [BlockEntry]) {
        try LogPartFormat.check(header: bytes)
        var reader = ByteReader(bytes)
        try reader.skip(LogPartFormat.headerBytes)
        let deletionsApplied = try reader.readVarint()
        let count = try reader.readVarint()
        guard count <= UInt64(reader.remaining) else {
            throw DecodeError(.invalidCharacterCount(Int(clamping: count)), at: reader.offset)
        }
        var entries: [BlockEntry] = []
        for _ in 0..<count { entries.append(try BlockEntry(&reader)) }
        for number in entries.indices {
            let entry = entries[number]
            let start = reader.offset
            try reader.skip(entry.filter.count)
            entries[number].filter = start..<reader.offset
            _ = try FilterReader(bytes.extracting(entries[number].filter))
            guard entry.rows > 0, entry.rows <= Int(UInt16.max), entry.offset >= LogPartFormat.headerBytes,
                entry.offset <= blocksCount, entry.runsBytes <= blocksCount, entry.bodyBytes <= blocksCount,
                entry.runsBytes + entry.bodyBytes <= blocksCount - entry.offset, entry.rawBytes <= 1 << 40,
                entry.firstStream <= entry.lastStream, Int(entry.lastStream) < streams, entry.minNs <= entry.maxNs
            else { throw DecodeError(.invalidCharacterCount(number), at: start) }
        }
        return (deletionsApplied, entries)
    }

    func labels(of stream: UInt32) throws(LabelIndexError) -> Labels {
        if labels.count <= Self.knownMax { return try allLabels()[Int(stream)] }
        return try readLabels(of: Int(stream))
    }

    private func allLabels() throws(LabelIndexError) -> [Labels] {
        if let all = known.withLock({ $0 }) { return all }
        var all: [Labels] = []
        for stream in 0..<labels.count { all.append(try readLabels(of: stream)) }
        let read = all
        known.withLock { $0 = read }
        return read
    }

    /// Streams that have entries: a merge may have taken the last of one.
    func usedStreams() throws(DecodeError) -> [UInt32] {
        if let known = used.withLock({ $0 }) { return known }
        var isUsed = [Bool](repeating: false, count: labels.count)
        for entry in entries {
            for run in try runs(entry) { isUsed[Int(run.stream)] = true }
        }
        let streams = isUsed.indices.filter { isUsed[$0] }.map { UInt32($0) }
        used.withLock { $0 = streams }
        return streams
    }

    private func readLabels(of stream: Int) throws(LabelIndexError) -> Labels {
        var bytes: [UInt8] = []
        try labels.appendLabels(stream, to: &bytes)
        return Labels(canonical: bytes)
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

    func block(_ entry: BlockEntry, _ decompressors: DecompressorPool) throws(DecodeError) -> StoredBlock {
        try StoredBlock(blocks, body(entry), rows: entry.rows, decompressors)
    }

    /// Whether lines of a block may contain, of each of these lists, any needle.
    func mayHold(_ filters: [[PreparedNeedle]], _ entry: BlockEntry) throws(DecodeError) -> Bool {
        if filters.isEmpty { return true }
        let index = index
        let bytes = index.bytes.extracting(entry.filter)
        let reader = try FilterReader(bytes)
        return filters.allSatisfy { needles in needles.contains { reader.mayContain($0, bytes) } }
    }

    /// Appends the filter of a block as it is stored.
    func appendFilter(_ entry: BlockEntry, to bytes: inout [UInt8]) {
        let index = index
        bytes.append(index.bytes.extracting(entry.filter))
    }
}

import Encoding
import LabelIndex
import Model
import Parts
import Posix

/// Writes a part: rows come sorted by stream and time, or whole blocks of other parts, and streams by number.
final class LogPartWriter {
    private let part: PartWriter
    private var file: PartFileWriter?
    private var entries: [BlockEntry] = []
    private var filters: [UInt8] = []
    private var input = BlockInput()
    private var blocks: BlockWriter
    private let deletionsApplied: UInt64
    private(set) var rows = 0

    init(_ part: PartWriter, deletionsApplied: UInt64) throws {
        self.part = part
        self.deletionsApplied = deletionsApplied
        blocks = try BlockWriter()
        var file = try part.makeFile(LogPartFormat.blocksFile)
        let header = LogPartFormat.header
        try file.append(header.span)
        self.file = consume file
    }

    /// Adds a row behind all others.
    func add(stream: UInt32, _ timestampNs: Int64, _ line: Span<UInt8>, metadata: Span<UInt8>) throws {
        input.append(stream: stream, timestampNs, line, metadata: metadata)
        if BlockFormat.isFull(rows: input.count, textBytes: input.text.count) { try endBlock() }
    }

    /// Ends the block that rows are being added to.
    func endBlock() throws {
        guard input.count > 0 else { return }
        let block = try blocks.encode(input)
        input.removeAll()
        try write(block)
    }

    /// Adds a block behind all others.
    func add(_ block: EncodedBlock) throws {
        try endBlock()
        try write(block)
    }

    private func write(_ block: EncodedBlock) throws {
        try write(block.runs, block.body.span) { entry in
            entry.rawBytes = block.rawBytes
            entry.minNs = block.minNs
            entry.maxNs = block.maxNs
            entry.filter = 0..<block.filter.count
        }
        filters += block.filter
    }

    /// Adds a block of another part as it is, its streams renumbered.
    func add(_ entry: BlockEntry, of other: LogPart, _ runs: [(stream: UInt32, rows: Int)]) throws {
        try endBlock()
        let source = other.blocks
        try write(runs, source.bytes.extracting(other.body(entry))) { copy in
            copy.rawBytes = entry.rawBytes
            copy.minNs = entry.minNs
            copy.maxNs = entry.maxNs
            copy.filter = 0..<entry.filter.count
        }
        other.appendFilter(entry, to: &filters)
    }

    private func write(
        _ runs: [(stream: UInt32, rows: Int)], _ body: Span<UInt8>, _ describe: (inout BlockEntry) -> Void
    ) throws {
        var head: [UInt8] = []
        var entry = BlockEntry()
        describe(&entry)
        entry.offset = file?.offset ?? 0
        entry.firstStream = runs[0].stream
        entry.lastStream = runs[runs.count - 1].stream
        var stream = entry.firstStream
        for run in runs {
            head.appendVarint(UInt64(run.stream - stream))
            head.appendVarint(UInt64(run.rows))
            stream = run.stream
            entry.rows += run.rows
        }
        entry.runsBytes = head.count
        entry.runsSum = CRC32C.of(head.span)
        entry.bodyBytes = body.count
        rows += entry.rows
        try file?.append(head.span)
        try file?.append(body)
        entries.append(entry)
    }

    /// Ends the part, which is then ready for a commit.
    ///
    /// - Parameter streams: labels of the streams by number.
    func finish(streams: [Labels], partition: Int64, level: Int) throws -> FinishedPart {
        try endBlock()
        if let file = file.take() { try part.finish(file) }
        try write(index, LogPartFormat.indexFile)
        var labels = MemoryLabelIndex()
        for (number, stream) in streams.enumerated() {
            labels.add(stream.bytes.span, hash: stream.hash, id: UInt64(number) + 1)
        }
        try write(LabelSegment.bytes(of: labels), LogPartFormat.labelsFile)
        let (minNs, maxNs) = (entries.map(\.minNs).min() ?? 0, entries.map(\.maxNs).max() ?? 0)
        return part.finish(
            PartDescription(
                partition: partition, minTimeMs: minNs.milliseconds, maxTimeMs: maxNs.milliseconds, rows: rows,
                level: level))
    }

    private var index: [UInt8] {
        var bytes = LogPartFormat.header
        bytes.appendVarint(deletionsApplied)
        bytes.appendVarint(UInt64(entries.count))
        for entry in entries { entry.append(to: &bytes) }
        return bytes + filters
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        var file = try part.makeFile(name)
        try file.append(bytes.span)
        try part.finish(file)
    }
}

extension Int64 {
    /// Of a time in nanoseconds, rounded towards the past.
    var milliseconds: Int64 { self >= 0 ? self / 1_000_000 : (self + 1) / 1_000_000 - 1 }
}

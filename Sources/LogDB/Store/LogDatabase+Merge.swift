import Encoding
import LabelIndex
import Model
import Parts
import Posix
package import Storage

extension LogDatabase {
    /// Merges once, where there is something to merge.
    ///
    /// - Returns: whether it did.
    @discardableResult
    package func mergeOnce() throws(StorageError) -> Bool {
        try merging.withLock { count throws(StorageError) in
            let view = view.withLock { $0 }
            var policy = MergePolicy()
            policy.fanOut = options.mergeParts
            let parts = view.parts.map(\.info).sorted(by: PartInfo.isOlder)
            let chosen = Set(policy.next(among: parts, nowMs: time.wallMs).map(\.number))
            if chosen.isEmpty { return false }
            try merge(view.parts.filter { chosen.contains($0.info.number) }, view)
            count += 1
            return true
        }
    }

    /// Merges all parts of each window into one, and applies every deletion and retention on the way.
    package func mergeAll() throws(StorageError) {
        try merging.withLock { count throws(StorageError) in
            let view = view.withLock { $0 }
            for (_, group) in Dictionary(grouping: view.parts, by: { $0.info.partition }) {
                if group.count > 1
                    || group.contains(where: { $0.content.deletionsApplied + 1 < view.state.nextDeletion })
                {
                    try merge(group, view)
                }
            }
            count += 1
        }
    }

    /// Rewrites parts as one: full blocks as they are, small ones and those that lose entries row by row.
    func merge(_ inputs: [StoredLogPart], _ view: LogView) throws(StorageError) {
        do {
            let merger = try LogMerger(inputs, view.state, options, nowMs: time.wallMs)
            let writer = try LogPartWriter(parts.makeWriter(), deletionsApplied: view.state.nextDeletion - 1)
            try merger.write(to: writer)
            let level = min(4, (inputs.map(\.info.level).max() ?? 0) + 1)
            let finished =
                writer.rows == 0
                ? []
                : [
                    try writer.finish(
                        streams: merger.streams, partition: inputs[0].info.partition, level: level)
                ]
            try commit(adding: finished, removing: inputs)
            try dropAppliedDeletions()
            try parts.removeRetired()
        } catch let error as DamagedLogPart {
            throw quarantine(error.part, error.reason)
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 60)
        }
    }

    /// Forgets deletions that every part has seen.
    private func dropAppliedDeletions() throws {
        let view = view.withLock { $0 }
        let applied = view.parts.map(\.content.deletionsApplied).min() ?? .max
        guard view.state.deletions.contains(where: { $0.number <= applied }) else { return }
        try commit(adding: []) { $0.deletions.removeAll { $0.number <= applied } }
    }
}

/// A part that a merge could not read.
struct DamagedLogPart: Error {
    let part: StoredLogPart
    let reason: any Error
}

/// Puts parts together.
struct LogMerger {
    /// All streams of the inputs, in order.
    let streams: [Labels]
    private let inputs: [Input]
    /// How much text is put in order at a time.
    private static let pieceBytes = 48 << 20

    private struct Input {
        var part: StoredLogPart
        /// For each stream of the part its place in `streams`.
        var places: [UInt32]
        var exclusions: Exclusions
    }

    private struct Row {
        var stream: UInt32
        var timestampNs: Int64
        var line: Range<Int>
        var metadata: Range<Int>
    }

    init(_ parts: [StoredLogPart], _ state: LogState, _ options: LogStoreOptions, nowMs: Int64) throws {
        var all = ScanStreams()
        var numbers: [[Int]] = []
        var exclusions: [Exclusions] = []
        for part in parts {
            do {
                numbers.append(
                    try (0..<part.content.labels.count).map {
                        all.number(of: try part.content.labels(of: UInt32($0)))
                    })
                exclusions.append(try Exclusions(part.content, state, options, nowMs: nowMs))
            } catch {
                throw DamagedLogPart(part: part, reason: error)
            }
        }
        let sorted = StreamOrder.sorted(all.labels)
        var places = [UInt32](repeating: 0, count: sorted.count)
        for (place, stream) in sorted.enumerated() { places[stream.index] = UInt32(place) }
        streams = sorted.map(\.labels)
        inputs = parts.indices.map { index in
            Input(part: parts[index], places: numbers[index].map { places[$0] }, exclusions: exclusions[index])
        }
    }

    func write(to writer: LogPartWriter) throws {
        var rewritten: [(input: Input, entry: BlockEntry)] = []
        var copied: [(input: Input, entry: BlockEntry)] = []
        for input in inputs {
            for entry in input.part.content.entries {
                let isFull = entry.rows >= BlockFormat.rowsMax / 2 || entry.rawBytes >= BlockFormat.textBytesMax / 2
                if isFull && !input.exclusions.mayHide(entry) {
                    copied.append((input, entry))
                } else {
                    rewritten.append((input, entry))
                }
            }
        }
        copied.sort { $0.input.places[Int($0.entry.firstStream)] < $1.input.places[Int($1.entry.firstStream)] }
        for (input, entry) in copied {
            try Self.reading(input.part) {
                let runs = try input.part.content.runs(entry).map { (input.places[Int($0.stream)], $0.rows) }
                try writer.add(entry, of: input.part.content, runs)
            }
        }
        var piece: ArraySlice = rewritten[...]
        while !piece.isEmpty {
            var bytes = 0
            let count = piece.prefix {
                bytes += $0.entry.rawBytes
                return bytes <= Self.pieceBytes
            }.count
            try writeRows(piece.prefix(max(1, count)), to: writer)
            piece = piece.dropFirst(max(1, count))
        }
    }

    private static func reading(_ part: StoredLogPart, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as DecodeError {
            throw DamagedLogPart(part: part, reason: error)
        }
    }

    private func writeRows(_ blocks: ArraySlice<(input: Input, entry: BlockEntry)>, to writer: LogPartWriter) throws {
        var bytes: [UInt8] = []
        var rows: [Row] = []
        let decompressors = DecompressorPool()
        for (input, entry) in blocks {
            try Self.reading(input.part) {
                let runs = try input.part.content.runs(entry)
                let block = BlockReader(try input.part.content.block(entry, decompressors))
                let times = try block.timestampsNs()
                var row = 0
                for run in runs {
                    for _ in 0..<run.rows {
                        defer { row += 1 }
                        let timestampNs = times[row]
                        if input.exclusions.hides(run.stream, timestampNs) { continue }
                        let lineStart = bytes.count
                        try block.appendLine(row, to: &bytes)
                        let lineEnd = bytes.count
                        try block.appendMetadata(row, to: &bytes)
                        rows.append(
                            Row(
                                stream: input.places[Int(run.stream)], timestampNs: timestampNs,
                                line: lineStart..<lineEnd, metadata: lineEnd..<bytes.count))
                    }
                }
            }
        }
        // Streams and times that are equal stay in the order of the parts.
        rows.sort { ($0.stream, $0.timestampNs, $0.line.lowerBound) < ($1.stream, $1.timestampNs, $1.line.lowerBound) }
        for row in rows {
            try writer.add(
                stream: row.stream, row.timestampNs, bytes.span.extracting(row.line),
                metadata: bytes.span.extracting(row.metadata))
        }
        try writer.endBlock()
    }
}

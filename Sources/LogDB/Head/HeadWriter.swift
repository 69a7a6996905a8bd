import Encoding
import LabelIndex
import Model
import Posix
import Storage

/// The entries of a frozen head in the order of a part.
struct HeadWriter: Sendable {
    private let workers: Workers
    private let rows: [Rows]
    private let streams: [Labels]
    /// Entries of each window, by place of the stream, time and arrival.
    private let windows: [Int64: [Key]]

    private struct Key: Sendable {
        var stream: UInt32
        var chunk: UInt32
        var row: UInt32
        var timestampNs: Int64
    }

    init(_ frozen: FrozenHead, _ workers: Workers) {
        self.workers = workers
        var labels: [Labels] = []
        for ordinal in 0..<frozen.index.count {
            var bytes: [UInt8] = []
            frozen.index.appendLabels(ordinal, to: &bytes)
            labels.append(Labels(canonical: bytes))
        }
        let sorted = StreamOrder.sorted(labels)
        var places = [UInt32](repeating: 0, count: labels.count)
        for (place, stream) in sorted.enumerated() { places[stream.index] = UInt32(place) }
        streams = sorted.map(\.labels)
        let unpacked = workers.map(parts: frozen.chunks.count) { frozen.chunks[$0].read() }
        rows = unpacked
        var windows: [Int64: [Key]] = [:]
        for (number, chunk) in frozen.chunks.enumerated() {
            let rows = unpacked[number]
            let window = PartWindow.number(chunk.minNs)
            let isOne = window == PartWindow.number(chunk.maxNs)
            var keys: [Key] = []
            for row in 0..<chunk.rows {
                let key = Key(
                    stream: places[Int(chunk.streams[rows.stream(row)])], chunk: UInt32(number), row: UInt32(row),
                    timestampNs: rows.timestampNs(row))
                if isOne {
                    keys.append(key)
                } else {
                    windows[PartWindow.number(key.timestampNs), default: []].append(key)
                }
            }
            if isOne { windows[window, default: []] += keys }
        }
        self.windows = windows
    }

    /// Calls `body` for each window with its entries as blocks, and the streams by the numbers that they have there.
    func write(_ body: (_ window: Int64, _ blocks: [EncodedBlock], _ streams: [Labels]) throws -> Void) throws {
        for window in windows.keys.sorted() {
            let keys = Self.inOrder(windows[window] ?? [], streams: streams.count)
            var used: [Labels] = []
            var numbers = [UInt32](repeating: 0, count: streams.count)
            var last: UInt32?
            for key in keys where key.stream != last {
                numbers[Int(key.stream)] = UInt32(used.count)
                used.append(streams[Int(key.stream)])
                last = key.stream
            }
            try body(window, try encode(keys, numbers), used)
        }
    }

    /// The blocks of sorted entries, each made by whichever thread is free.
    ///
    /// - Parameter numbers: of the streams in the part, by place.
    private func encode(_ keys: [Key], _ numbers: [UInt32]) throws(CompressionError) -> [EncodedBlock] {
        let ranges = blockRanges(keys)
        let next = Lock(0)
        let blocks = Lock([EncodedBlock](repeating: EncodedBlock(), count: ranges.count))
        _ = try workers.map(parts: min(workers.width, ranges.count)) { [self] _ throws(CompressionError) in
            var writer = try BlockWriter()
            var input = BlockInput()
            while true {
                let number = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                guard number < ranges.count else { return }
                input.removeAll()
                for key in keys[ranges[number]] {
                    let rows = rows[Int(key.chunk)]
                    let bytes = rows.bytes
                    let row = Int(key.row)
                    input.append(
                        stream: numbers[Int(key.stream)], key.timestampNs, bytes.span.extracting(rows.line(row)),
                        metadata: bytes.span.extracting(rows.metadata(row)))
                }
                let block = try writer.encode(input)
                blocks.withLock { $0[number] = block }
            }
        }
        return blocks.withLock { $0 }
    }

    /// Which of the keys make a block together.
    private func blockRanges(_ keys: [Key]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = 0
        var bytes = 0
        for (index, key) in keys.enumerated() {
            let rows = rows[Int(key.chunk)]
            bytes += rows.line(Int(key.row)).count + rows.metadata(Int(key.row)).count
            if BlockFormat.isFull(rows: index + 1 - start, textBytes: bytes) {
                ranges.append(start..<(index + 1))
                (start, bytes) = (index + 1, 0)
            }
        }
        if start < keys.count { ranges.append(start..<keys.count) }
        return ranges
    }

    /// By stream, then by time, then by arrival. What one stream sends is mostly in order already.
    private static func inOrder(_ keys: [Key], streams: Int) -> [Key] {
        guard let first = keys.first else { return [] }
        var ends = [Int](repeating: 0, count: streams + 1)
        for key in keys { ends[Int(key.stream) + 1] += 1 }
        for stream in 0..<streams { ends[stream + 1] += ends[stream] }
        var next = ends
        var placed = [Key](repeating: first, count: keys.count)
        for key in keys {
            placed[next[Int(key.stream)]] = key
            next[Int(key.stream)] += 1
        }
        for stream in 0..<streams where ends[stream + 1] - ends[stream] > 1 {
            let range = ends[stream]..<ends[stream + 1]
            let isSorted = range.dropFirst().allSatisfy { placed[$0 - 1].timestampNs <= placed[$0].timestampNs }
            if isSorted { continue }
            placed[range].sort { a, b in
                a.timestampNs != b.timestampNs
                    ? a.timestampNs < b.timestampNs : (a.chunk, a.row) < (b.chunk, b.row)
            }
        }
        return placed
    }
}

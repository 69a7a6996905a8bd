import Encoding
import Journal
import LabelIndex
import Model
import Parts
import Posix
package import Storage
import Synchronization

extension LogDatabase {
    /// Turns the head into parts. What is appended meanwhile is in the next head.
    package func flush() throws(StorageError) {
        try flushing.withLock { count throws(StorageError) in
            defer { work.wakeAll() }
            do throws(StorageError) {
                try flushHead()
                count += 1
                work.withLock {
                    $0.failure = nil
                    $0.mergeWanted = true
                }
            } catch {
                work.withLock { $0.failure = "\(error)" }
                throw error
            }
        }
    }

    private func flushHead() throws(StorageError) {
        // What an earlier flush could not write is tried again first.
        if view.withLock({ $0.flushing == nil }) { freeze() }
        guard let frozen = view.withLock({ $0.flushing }) else { return }
        let position = JournalPosition(frozen.position)
        if !frozen.chunks.isEmpty || frozen.taken != view.withLock({ $0.state.taken }) {
            do {
                try write(frozen, position)
            } catch {
                throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
            }
            headBytes.subtract(frozen.chunks.reduce(0) { $0 + $1.plainBytes }, ordering: .relaxed)
            repeats.moveOn()
        } else {
            view.withLock { $0.flushing = nil }
        }
        if headBytes.load(ordering: .relaxed) <= 0 { headSinceMs.store(.max, ordering: .relaxed) }
        do throws(JournalError) {
            try journal.drop(before: position)
        } catch {
            note("\(error)")
        }
    }

    /// Puts all entries aside, in the view where readers find them.
    private func freeze() {
        let journal = journal
        head.withLock { head in
            let frozen = head.freeze(at: journal.end.value)
            // Within the lock: a reader looks at both under it.
            view.withLock { $0.flushing = frozen }
        }
        headSinceMs.store(time.wallMs, ordering: .relaxed)
    }

    private func write(_ frozen: FrozenHead, _ position: JournalPosition) throws {
        let deletions = view.withLock { $0.state.nextDeletion - 1 }
        var finished: [FinishedPart] = []
        try HeadWriter(frozen).write { window, body in
            let writer = try LogPartWriter(parts.makeWriter(), deletionsApplied: deletions)
            let streams = try body(writer)
            finished.append(try writer.finish(streams: streams, partition: window, level: 0))
        }
        try commit(adding: finished) {
            $0.journalPosition = position.value
            $0.taken = frozen.taken
        } publish: {
            $0.flushing = nil
        }
    }

    /// Makes parts live and others not, together with a change of the state.
    func commit(
        adding added: [FinishedPart], removing removed: [StoredLogPart] = [],
        _ change: (inout LogState) -> Void = { _ in }, publish: (inout LogView) -> Void = { _ in }
    ) throws {
        try committing.withLock { count in
            var state = view.withLock { $0.state }
            change(&state)
            try parts.commit(adding: added, removing: removed, state: state.bytes) { parts in
                view.withLock { view in
                    view.parts = parts
                    view.state = state
                    publish(&view)
                }
            }
            blocks.remove(parts: Set(removed.map(\.info.number)))
            count += 1
        }
    }
}

/// Days of entries share their parts, so that what expires leaves as whole parts.
enum PartWindow {
    private static let ns: Int64 = 86_400_000_000_000

    static func number(_ timestampNs: Int64) -> Int64 {
        timestampNs >= 0 ? timestampNs / ns : (timestampNs + 1) / ns - 1
    }
}

/// The entries of a frozen head in the order of a part.
struct HeadWriter {
    private let rows: [Rows]
    private let streams: [Labels]
    /// Entries of each window, by place of the stream, time and arrival.
    private let windows: [Int64: [Key]]

    private struct Key {
        var stream: UInt32
        var chunk: UInt32
        var row: UInt32
        var timestampNs: Int64
    }

    init(_ frozen: FrozenHead) {
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
        rows = frozen.chunks.map { $0.read() }
        var windows: [Int64: [Key]] = [:]
        for (number, chunk) in frozen.chunks.enumerated() {
            let rows = rows[number]
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

    /// Calls `body` for each window with what writes its entries and returns its streams.
    func write(_ body: (_ window: Int64, _ write: (LogPartWriter) throws -> [Labels]) throws -> Void) throws {
        for window in windows.keys.sorted() {
            try body(window) { writer in
                let keys = Self.inOrder(windows[window] ?? [], streams: streams.count)
                var used: [Labels] = []
                var last: UInt32?
                for key in keys {
                    if key.stream != last {
                        used.append(streams[Int(key.stream)])
                        last = key.stream
                    }
                    let rows = rows[Int(key.chunk)]
                    let bytes = rows.bytes
                    let row = Int(key.row)
                    try writer.add(
                        stream: UInt32(used.count - 1), key.timestampNs,
                        bytes.span.extracting(rows.line(row)),
                        metadata: bytes.span.extracting(rows.metadata(row)))
                }
                return used
            }
        }
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

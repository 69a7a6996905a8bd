import Model
import Storage

/// Gathers the samples of one series after the other from parts and head. For one thread at a time.
final class SelectionReader: @unchecked Sendable {  // lent to one reading thread at a time
    private let store: TimeSeriesStore
    private let head: HeadPins
    private let sources: [Source]
    private var columns = FloatColumns()
    private(set) var histograms: [SampleBatch.Histogram] = []
    private var needsSort = false
    private let hasDeletions: Bool
    private var plain = PlainSeries()

    private final class Source {
        let part: StoredPart
        let deletions: [Deletion]
        var cursor: PartCursor
        /// Not served any more since a read found it damaged.
        var isDamaged = false

        init(_ entry: StoreView.Samples, _ deletions: [Deletion]) {
            part = entry.part
            self.deletions = deletions
            cursor = PartCursor(entry.samples)
        }
    }

    init(_ store: TimeSeriesStore, _ view: StoreView, _ head: HeadPins) {
        self.store = store
        self.head = head
        sources = view.samples.map { Source($0, view.deletions(for: $0.samples)) }
        hasDeletions = sources.contains { !$0.deletions.isEmpty }
    }

    /// To be called before the first series of a block.
    func beginBlock() { plain.beginBlock() }

    /// Reads a series and appends its floats as entry `index` of the block; `histograms` holds the others.
    func read(
        _ id: UInt64, place: Int, _ range: ClosedRange<Int64>, into block: inout SeriesBlock, at index: Int
    ) {
        if !hasDeletions, readPlain(id, place: place, range, into: &block) {
            histograms.removeAll(keepingCapacity: true)
            block.floats[index] = plain.finish(in: &block)
            return
        }
        read(id, place: place, range)
        block.floats[index] = appendFloats(to: &block)
    }

    /// Most series are blocks of floats one after the other and then some samples of the head, and that of the series
    /// before looks the same: their values are decoded where they are to be, and their timestamps not at all.
    ///
    /// - Returns: false where the series is none of those; the block is then as it was.
    private func readPlain(
        _ id: UInt64, place: Int, _ range: ClosedRange<Int64>, into block: inout SeriesBlock
    ) -> Bool {
        plain.begin(in: block)
        var isPlain = true
        for (number, source) in sources.enumerated() where isPlain && !source.isDamaged {
            do throws(PartError) {
                try source.cursor.forEachBlock(of: id, overlapping: range) { cursor, piece throws(PartError) in
                    if isPlain { isPlain = try plain.append(piece, of: &cursor, source: number, range, to: &block) }
                } failing: {
                    $0
                }
            } catch {
                // The way with all checks finds it again and deals with it.
                isPlain = false
            }
        }
        if isPlain, let gathered = head.samples() { isPlain = plain.append(gathered, place, to: &block) }
        if !isPlain { plain.undo(in: &block) }
        return isPlain
    }

    /// Reads a series; `place` is its place in the selection.
    func read(_ id: UInt64, place: Int, _ range: ClosedRange<Int64>) {
        columns.removeAll()
        histograms.removeAll(keepingCapacity: true)
        needsSort = false
        for source in sources where !source.isDamaged { read(id, from: source, range) }
        readHead(place)
        if needsSort { columns.sortKeepingLast() }
        if columns.count > 0,
            unsafe columns.times[0] < range.lowerBound || columns.times[columns.count - 1] > range.upperBound
        {
            columns.keep(columns.places(in: range))
        }
        if !histograms.isEmpty {
            histograms = histograms.sortedKeepingLast().filter { range.contains($0.timestampMs) }
            columns.removeTimes(of: histograms)
            CounterResets.hint(&histograms)
        }
    }

    private func read(_ id: UInt64, from source: Source, _ range: ClosedRange<Int64>) {
        let (floats, others) = (columns.count, histograms.count)
        do throws(PartError) {
            try source.cursor.forEachBlock(of: id, overlapping: range) { cursor, block throws(PartError) in
                if block.kind == .histograms {
                    try cursor.appendHistograms(block, to: &histograms)
                } else {
                    try cursor.appendFloats(block, to: &columns)
                    noteOrder(from: columns.count - block.count)
                }
            } failing: {
                $0
            }
        } catch {
            // What came of the series before the damage was found may be incomplete: it is served without this part.
            columns.truncate(to: floats)
            histograms.removeLast(histograms.count - others)
            source.isDamaged = true
            store.quarantine(source.part, error)
        }
        for deletion in source.deletions where deletion.holds(id) {
            columns.remove(from: floats, in: deletion.startMs...deletion.endMs)
            let kept = histograms[others...].filter { !(deletion.startMs...deletion.endMs).contains($0.timestampMs) }
            histograms.replaceSubrange(others..., with: kept)
        }
    }

    private func noteOrder(from place: Int) {
        if place > 0, place < columns.count, unsafe columns.times[place] <= columns.times[place - 1] {
            needsSort = true
        }
    }

    private func readHead(_ place: Int) {
        guard let gathered = head.samples() else { return }
        let range = gathered.starts[place]..<gathered.starts[place + 1]
        for index in range {
            let shared = gathered.columns
            unsafe columns.append(
                shared.times[index], shared.values[index], startMs: shared.hasStarts ? shared.starts[index] : 0)
            noteOrder(from: columns.count - 1)
        }
        if let own = gathered.histograms[place] { histograms += own }
    }

    /// Appends the floats of the series read last. Timestamps equal to those of the series before are shared.
    private func appendFloats(to block: inout SeriesBlock) -> SeriesBlock.Floats {
        let count = columns.count
        let valueStart = block.values.count
        guard count > 0 else { return SeriesBlock.Floats(timestampStart: 0, valueStart: valueStart, count: 0) }
        let timestampStart = block.timestampsMs.count
        unsafe block.timestampsMs.append(contentsOf: UnsafeBufferPointer(start: columns.times, count: count))
        unsafe block.values.append(contentsOf: UnsafeBufferPointer(start: columns.values, count: count))
        if columns.hasStarts {
            block.startTimestampsMs.append(
                contentsOf: repeatElement(0, count: valueStart - block.startTimestampsMs.count))
            unsafe block.startTimestampsMs.append(contentsOf: UnsafeBufferPointer(start: columns.starts, count: count))
        }
        return SeriesBlock.Floats(
            timestampStart: plain.share(timestampStart, count, in: &block), valueStart: valueStart, count: count)
    }

    /// Whether a series has any sample in the range; decodes only where a block reaches over its ends.
    func hasSamples(_ id: UInt64, place: Int, _ range: ClosedRange<Int64>) -> Bool {
        if let gathered = head.samples() {
            if gathered.starts[place] < gathered.starts[place + 1] || gathered.histograms[place] != nil { return true }
        }
        var isCertain = false
        var isPossible = false
        for source in sources where !source.isDamaged && !isCertain {
            let hasDeletions = source.deletions.contains { $0.holds(id) }
            do throws(PartError) {
                try source.cursor.forEachBlock(of: id, overlapping: range) { cursor, block throws(PartError) in
                    isPossible = true
                    let span = cursor.span(block)
                    let touches = range.contains(span.lowerBound) || range.contains(span.upperBound)
                    if touches && !hasDeletions { isCertain = true }
                } failing: {
                    $0
                }
            } catch {
                source.isDamaged = true
                store.quarantine(source.part, error)
            }
        }
        guard isPossible && !isCertain else { return isCertain }
        read(id, place: place, range)
        return columns.count > 0 || !histograms.isEmpty
    }
}

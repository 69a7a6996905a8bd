import Storage

/// A series of floats on its way into a block of a selection, piece by piece in order of time. As long as its pieces have
/// the timestamps of the series before, it shares them without decoding them.
struct PlainSeries {
    /// Which timestamps a piece has.
    private struct Piece: Equatable {
        var source: Int
        var group: Int
        var run: Int
        var places: Range<Int>
    }

    private var pieces: [Piece] = []
    private var lastMs = Int64.min
    private var count = 0
    private var timestampStart = 0
    private var valueStart = 0
    /// All timestamps so far are those of the series before.
    private var isShared = true

    // The series before: its pieces in parts, and where its timestamps are.
    private var knownPieces: [Piece] = []
    private var knownStart = 0
    private var knownCount = 0

    mutating func beginBlock() {
        knownPieces.removeAll(keepingCapacity: true)
        (knownStart, knownCount) = (0, 0)
    }

    mutating func begin(in block: borrowing SeriesBlock) {
        pieces.removeAll(keepingCapacity: true)
        lastMs = .min
        count = 0
        timestampStart = block.timestampsMs.count
        valueStart = block.values.count
        isShared = true
    }

    /// Takes everything back that was appended since `begin`.
    func undo(in block: inout SeriesBlock) {
        block.values.removeLast(block.values.count - valueStart)
        block.timestampsMs.removeLast(block.timestampsMs.count - timestampStart)
    }

    /// Appends a block of a part; false where it is not of floats alone or not behind what came before.
    mutating func append(
        _ piece: PartCursor.Block, of cursor: inout PartCursor, source: Int, _ range: ClosedRange<Int64>,
        to block: inout SeriesBlock
    ) throws(PartError) -> Bool {
        let span = cursor.span(piece)
        guard piece.kind == .floats, span.lowerBound > lastMs || count == 0 else { return false }
        var places = 0..<piece.count
        if span.lowerBound < range.lowerBound || span.upperBound > range.upperBound {
            places = unsafe try cursor.timestamps(piece).places(in: range)
        }
        try Self.appendValues(piece, places, of: &cursor, to: &block)
        let (group, run) = cursor.run(piece)
        let key = Piece(source: source, group: group, run: run, places: places)
        if isShared && (pieces.count >= knownPieces.count || knownPieces[pieces.count] != key) { unshare(in: &block) }
        if !isShared {
            let times = unsafe UnsafeBufferPointer(rebasing: try cursor.timestamps(piece)[places])
            block.timestampsMs.makeRoom(for: places.count)
            unsafe block.timestampsMs.append(contentsOf: times)
        }
        pieces.append(key)
        count += places.count
        lastMs = span.upperBound
        return true
    }

    /// From here on the timestamps are the series' own.
    private mutating func unshare(in block: inout SeriesBlock) {
        isShared = false
        block.timestampsMs.makeRoom(for: count)
        for place in knownStart..<knownStart + count { block.timestampsMs.append(block.timestampsMs[place]) }
    }

    private static func appendValues(
        _ piece: PartCursor.Block, _ places: Range<Int>, of cursor: inout PartCursor, to block: inout SeriesBlock
    ) throws(PartError) {
        var failure: PartError?
        block.values.makeRoom(for: piece.count)
        block.values.append(addingCapacity: piece.count) { room in
            unsafe room.withUnsafeMutableBufferPointer { buffer, initialized in
                let target = buffer.baseAddress!
                do throws(PartError) {
                    try unsafe cursor.decodeValues(piece, to: target)
                    if places.lowerBound > 0 {
                        unsafe target.update(from: target + places.lowerBound, count: places.count)
                    }
                    initialized = places.count
                } catch {
                    failure = error
                    initialized = 0
                }
            }
        }
        if let failure { throw failure }
    }

    /// Appends the samples of the head; false where they are not all floats in order behind what came before.
    mutating func append(_ head: HeadPins.Gathered, _ place: Int, to block: inout SeriesBlock) -> Bool {
        if head.histograms[place] != nil { return false }
        let range = head.starts[place]..<head.starts[place + 1]
        if range.isEmpty { return true }
        if head.columns.hasStarts { return false }
        let times = unsafe UnsafeBufferPointer(start: head.columns.times + range.lowerBound, count: range.count)
        var last = unsafe count == 0 ? times[0] &- 1 : lastMs
        for index in times.indices {
            if unsafe times[index] <= last { return false }
            last = unsafe times[index]
        }
        if isShared, unsafe !isEqual(times, knownStart + count..<knownStart + knownCount, in: block) {
            unshare(in: &block)
        }
        if !isShared { unsafe block.timestampsMs.append(contentsOf: times) }
        unsafe block.values.append(
            contentsOf: UnsafeBufferPointer(start: head.columns.values + range.lowerBound, count: range.count))
        count += range.count
        return true
    }

    private func isEqual(
        _ times: UnsafeBufferPointer<Int64>, _ places: Range<Int>, in block: borrowing SeriesBlock
    ) -> Bool {
        guard places.count >= times.count else { return false }
        return unsafe block.timestampsMs.withUnsafeBufferPointer {
            unsafe BlockBytes.equal(UnsafeBufferPointer(rebasing: $0[places].prefix(times.count)), times)
        }
    }

    /// Where the series lies that was appended since `begin`.
    mutating func finish(in block: inout SeriesBlock) -> SeriesBlock.Floats {
        var start = knownStart
        if count > 0 {
            if !isShared { start = share(timestampStart, count, in: &block) }
            knownCount = count
        }
        swap(&pieces, &knownPieces)
        if count == 0 { knownPieces.removeAll(keepingCapacity: true) }
        return SeriesBlock.Floats(timestampStart: start, valueStart: valueStart, count: count)
    }

    /// Takes timestamps that were appended last away where those of the series before are the same.
    ///
    /// - Returns: where they are.
    mutating func share(_ start: Int, _ count: Int, in block: inout SeriesBlock) -> Int {
        knownPieces.removeAll(keepingCapacity: true)
        let isKnown =
            knownCount == count
            && (unsafe block.timestampsMs.withUnsafeBufferPointer {
                unsafe BlockBytes.equal(
                    UnsafeBufferPointer(rebasing: $0[knownStart..<knownStart + count]),
                    UnsafeBufferPointer(rebasing: $0[start..<start + count]))
            })
        if isKnown {
            block.timestampsMs.removeLast(count)
        } else {
            (knownStart, knownCount) = (start, count)
        }
        return knownStart
    }
}

extension Array {
    /// Grows as `append` would, for those who fill by whole columns.
    fileprivate mutating func makeRoom(for added: Int) {
        if capacity - count < added { reserveCapacity(Swift.max(capacity * 2, count + added)) }
    }
}

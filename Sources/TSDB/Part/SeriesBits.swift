/// The series of a part, a bit each, from the first id on, and about when each begins and ends and has samples between.
/// Ids are dense, so this is twelve bytes a series where a walk through all headers takes milliseconds.
struct SeriesBits: Sendable {
    /// When something is: within these bounds.
    typealias Moment = ClosedRange<Int64>

    /// Of the first bit: a multiple of 64, so that those of several parts lie over each other.
    private let first: UInt64
    private var words: [UInt64]
    /// How many series are before each word.
    private var ranks: [UInt32] = []
    private var spans: [Span] = []
    /// Of each series the 64ths of the part in which a block of it begins or ends: samples that are known unread.
    private var marks: [UInt64] = []
    private let startMs: Int64
    private let endMs: Int64
    private let unitMs: UInt64

    /// First and last sample of a series in units since the part's first.
    private struct Span: Sendable {
        var first: UInt16
        var last: UInt16
    }

    /// A 64th of the part in units, as a power of two.
    private static let slotBits: UInt16 = 10

    /// Parts whose ids lie farther apart than this many for each series are walked every time instead.
    private static let idsPerSeriesMax: UInt64 = 512

    init(of part: SamplePart) throws(PartError) {
        let summary = part.summary
        first = summary.firstID & ~63
        (startMs, endMs) = (summary.minMs, summary.maxMs)
        unitMs = UInt64(bitPattern: endMs &- startMs) / (UInt64(UInt16.max) + 1) + 1
        isComplete =
            summary.series > 0 && (summary.lastID - first) / Self.idsPerSeriesMax <= UInt64(summary.series)
        words = isComplete ? [UInt64](repeating: 0, count: Int((summary.lastID - first) / 64) + 1) : []
        guard isComplete else { return }
        spans.reserveCapacity(summary.series)
        marks.reserveCapacity(summary.series)
        var cursor = PartCursor(part)
        var last: UInt64?
        while let block = try cursor.peek() {
            note(block.id, cursor.span(block), isNew: last != block.id)
            last = block.id
            cursor.advance()
        }
        countRanks()
    }

    private mutating func note(_ id: UInt64, _ times: ClosedRange<Int64>, isNew: Bool) {
        let span = Span(first: units(times.lowerBound), last: units(times.upperBound))
        let marked: UInt64 = 1 << (span.first >> Self.slotBits) | 1 << (span.last >> Self.slotBits)
        if isNew {
            words[Int(id - first) / 64] |= 1 << ((id - first) % 64)
            spans.append(span)
            marks.append(marked)
        } else {
            marks[marks.count - 1] |= marked
            let known = spans[spans.count - 1]
            spans[spans.count - 1] = Span(first: min(known.first, span.first), last: max(known.last, span.last))
        }
    }

    private func units(_ timeMs: Int64) -> UInt16 {
        UInt16(truncatingIfNeeded: UInt64(bitPattern: min(max(timeMs, startMs), endMs) &- startMs) / unitMs)
    }

    private mutating func countRanks() {
        ranks.reserveCapacity(words.count)
        var rank: UInt32 = 0
        for word in words {
            ranks.append(rank)
            rank += UInt32(word.nonzeroBitCount)
        }
    }

    /// False where the ids are too far apart to be noted.
    let isComplete: Bool

    /// The series of the part, without when they are.
    var ids: SeriesIDs { SeriesIDs(first: first, words: words) }

    /// Which series of the part it is; nil where the part has none of it.
    @inline(__always)
    func rank(of id: UInt64) -> Int? {
        guard id >= first, (id - first) / 64 < UInt64(words.count) else { return nil }
        let word = words[Int((id - first) / 64)]
        let bit: UInt64 = 1 << ((id - first) % 64)
        guard word & bit != 0 else { return nil }
        return Int(ranks[Int((id - first) / 64)]) + (word & (bit - 1)).nonzeroBitCount
    }

    /// When the first and the last sample of a series are.
    func ends(ofRank rank: Int) -> (first: Moment, last: Moment) {
        (moment(spans[rank].first), moment(spans[rank].last))
    }

    /// The slots, a bit each, that are known to hold samples of a series.
    @inline(__always)
    func slots(ofRank rank: Int) -> UInt64 { marks[rank] }

    /// The slots, a bit each, that lie within a range as a whole.
    func slots(in range: ClosedRange<Int64>) -> UInt64 {
        (0..<64).reduce(0) { slots, slot in
            let units = UInt16(slot) << Self.slotBits
            let (from, to) = (moment(units).lowerBound, moment(units | (1 << Self.slotBits - 1)).upperBound)
            return range.contains(from) && range.contains(to) ? slots | 1 << UInt64(slot) : slots
        }
    }

    private func moment(_ units: UInt16) -> Moment {
        let spanMs = UInt64(bitPattern: endMs &- startMs)
        let from = min(UInt64(units) * unitMs, spanMs)
        let to = min(from + (unitMs - 1), spanMs)
        return startMs &+ Int64(bitPattern: from)...startMs &+ Int64(bitPattern: to)
    }
}

/// A set of series by their ids, which are dense.
struct SeriesIDs: Sendable {
    /// A multiple of 64.
    private var first: UInt64
    private var words: [UInt64]

    init(first: UInt64 = 0, words: [UInt64] = []) {
        self.first = first
        self.words = words
    }

    /// How much there is to lay over another.
    var wordCount: Int { words.count }

    @inline(__always)
    func contains(_ id: UInt64) -> Bool {
        guard id >= first, (id - first) / 64 < UInt64(words.count) else { return false }
        return words[Int((id - first) / 64)] & 1 << ((id - first) % 64) != 0
    }

    mutating func formUnion(_ other: SeriesIDs) {
        if words.isEmpty { return self = other }
        if other.words.isEmpty { return }
        let before = first > other.first ? Int((first - other.first) / 64) : 0
        words.insert(contentsOf: repeatElement(0, count: before), at: 0)
        first = min(first, other.first)
        let offset = Int((other.first - first) / 64)
        let missing = offset + other.words.count - words.count
        if missing > 0 { words.append(contentsOf: repeatElement(0, count: missing)) }
        for (place, word) in other.words.enumerated() { words[offset + place] |= word }
    }
}

/// The ids of the series of a part, a bit each, from the first one on. Ids are dense, so this is a few kilobytes where a
/// walk through all headers takes milliseconds.
struct SeriesBits: Sendable {
    private let first: UInt64
    private var words: [UInt64]

    /// Parts whose ids lie farther apart than this many for each series are walked every time instead.
    private static let idsPerSeriesMax: UInt64 = 512

    init(of part: SamplePart) throws(PartError) {
        let summary = part.summary
        first = summary.firstID
        isComplete =
            summary.series > 0 && (summary.lastID - first) / Self.idsPerSeriesMax <= UInt64(summary.series)
        words = isComplete ? [UInt64](repeating: 0, count: Int((summary.lastID - first) / 64) + 1) : []
        guard isComplete else { return }
        var cursor = PartCursor(part)
        while let block = try cursor.peek() {
            let place = Int(block.id - first)
            words[place / 64] |= 1 << UInt64(place % 64)
            cursor.advance()
        }
    }

    /// False where the ids are too far apart to be noted.
    let isComplete: Bool

    func contains(_ id: UInt64) -> Bool {
        guard id >= first, (id - first) / 64 < UInt64(words.count) else { return false }
        return words[Int((id - first) / 64)] >> ((id - first) % 64) & 1 == 1
    }
}

/// A range of time whose samples share their parts. Which window a timestamp belongs to depends on the timestamp and the
/// width alone, so that of two samples with one timestamp the later is always in the later part.
///
/// Between 2004 and 2039 windows have the width said. Before and after they are so wide that a sender with made-up
/// timestamps makes a few parts and not millions.
struct TimeWindow: Hashable, Sendable {
    let startMs: Int64
    let endMs: Int64
    private let shift: Int64

    private static let firstMs: Int64 = 1 << 40
    private static let lastMs: Int64 = (1 << 41) - 1

    init(of timeMs: Int64, shift: Int64) {
        switch timeMs {
        case ..<0: (startMs, endMs, self.shift) = (.min, -1, 63)
        case ..<Self.firstMs: (startMs, endMs, self.shift) = (0, Self.firstMs - 1, 40)
        case ...Self.lastMs:
            startMs = (timeMs >> shift) << shift
            endMs = startMs | ((1 << shift) - 1)
            self.shift = shift
        default: (startMs, endMs, self.shift) = (Self.lastMs + 1, .max, 62)
        }
    }

    func contains(_ timeMs: Int64) -> Bool { timeMs >= startMs && timeMs <= endMs }

    /// Ascending with time. Keeps windows of another width (after a change of the retention) and the labels apart.
    var partition: Int64 { (startMs >> 8) << 6 | shift }
}

extension TimeWindow: Comparable {
    static func < (a: TimeWindow, b: TimeWindow) -> Bool { a.startMs < b.startMs }
}

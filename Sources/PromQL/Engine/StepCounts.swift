import Posix

/// The samples that a query looks at for each of its instants, as Prometheus counts them: one for each series of a
/// selector that has one there, all of a range's window, those of a subquery instead of what it was made of.
final class StepCounts: Sendable {
    private let counts: Lock<[Int]>

    init(steps: Int) {
        counts = Lock([Int](repeating: 0, count: steps))
    }

    var all: [Int] { counts.withLock { $0 } }

    func add(_ more: [Int]) {
        counts.withLock { counts in
            for step in more.indices { counts[step] += more[step] }
        }
    }

    /// The same for each instant.
    func add(toEach count: Int) {
        counts.withLock { counts in
            for step in counts.indices { counts[step] += count }
        }
    }
}

/// Rows of a selector of instants, of which each cell is counted.
final class CountedSource: RowSource {
    private let input: any RowSource
    private let counts: StepCounts

    init(_ input: any RowSource, _ counts: StepCounts) {
        self.input = input
        self.counts = counts
    }

    var grid: Grid { input.grid }
    var count: Int { input.count }
    var cost: Int { input.cost }

    func read(_ rows: Range<Int>, into frame: inout Frame, _ scratch: Scratch) throws(QueryError) {
        try input.read(rows, into: &frame, scratch)
        var found = [Int](repeating: 0, count: grid.count)
        for row in 0..<frame.count {
            for step in 0..<grid.count {
                switch frame.point(row, step) {
                case .float: found[step] += 1
                case .histogram(let histogram): found[step] += histogram.sampleCost
                case nil: break
                }
            }
        }
        counts.add(found)
    }
}

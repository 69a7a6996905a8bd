import Model
import Posix
import Storage

/// Rows that are made block by block, by several threads at once.
protocol RowSource: AnyObject, Sendable {
    var grid: Grid { get }
    var count: Int { get }
    /// About how much work all rows are, in samples.
    var cost: Int { get }
    /// Replaces what `frame` holds by these rows; rows without samples may be among them.
    func read(_ rows: Range<Int>, into frame: inout Frame, _ scratch: Scratch) throws(QueryError)
}

/// What one thread needs while it makes rows, kept from block to block.
final class Scratch {
    var block = SeriesBlock()
    /// Of `bounds`, `instants`, `row` and what a context keeps.
    static let bytesPerStep = 80

    var row: [Double] = []
    var bounds = WindowBounds()
    var context: WindowContext?
    var annotations = Annotations()
    /// The sample that each instant sees.
    var instants: [Int32] = []
    var times: [Int64] = []
    var values: [Double] = []
    var starts: [Int64] = []
    var bytes: [UInt8] = []
    /// Samples that were looked at, by instant.
    var counted: [Int] = []

    /// Everything that was noted on the way.
    func finish() throws(QueryError) -> Annotations {
        if let context {
            if let failure = context.failure { throw failure }
            annotations.add(context.annotations)
        }
        return annotations
    }
}

/// Rows that are there already.
final class FrameSource: RowSource {
    let frame: Frame
    init(_ frame: Frame) { self.frame = frame }

    var grid: Grid { frame.grid }
    var count: Int { frame.count }
    var cost: Int { frame.values.count }

    func read(_ rows: Range<Int>, into output: inout Frame, _ scratch: Scratch) {
        output.removeAll()
        for row in rows { output.appendRow(row, of: frame) }
    }
}

/// Rows with each cell changed by itself.
final class MappedSource: RowSource {
    /// Changes all rows of a block.
    typealias Change = @Sendable (inout Frame, Scratch) throws(QueryError) -> Void

    private let input: any RowSource
    private let change: Change

    init(_ input: any RowSource, _ change: @escaping Change) {
        self.input = input
        self.change = change
    }

    var grid: Grid { input.grid }
    var count: Int { input.count }
    var cost: Int { input.cost }

    func read(_ rows: Range<Int>, into frame: inout Frame, _ scratch: Scratch) throws(QueryError) {
        try input.read(rows, into: &frame, scratch)
        try change(&frame, scratch)
    }
}

extension RowSource {
    /// What finding a series and reading its labels costs, in samples.
    private static var rowCost: Int { 200 }

    /// Rows in one block: enough to make a block worth its calls, few enough that samples and cells stay in a cache.
    ///
    /// - Parameter samples: of a row.
    private func blockRows(samples: Int) -> Int {
        max(1, min(1024, 65_536 / grid.count, 65_536 / max(1, samples)))
    }

    /// Rows in the first block, which tells how many samples the others have: what the store expects may be far off.
    private static var firstRows: Int { 16 }

    /// Calls `use` with all rows, block by block, in `parts` parts of consecutive rows at once, and returns what it
    /// made of each part.
    func forEachPart<State: Sendable>(
        _ run: QueryRun, _ initial: @escaping @Sendable () -> State,
        _ use: @escaping @Sendable (inout State, Frame, Scratch) throws(QueryError) -> Void
    ) throws(QueryError) -> (states: [State], annotations: Annotations) {
        let isLarge = cost + count * (grid.count + Self.rowCost) > run.options.helpFrom
        let parts = isLarge && run.workers.width > 1 ? min(run.workers.width * 2, max(1, count / 8)) : 1
        let results = try run.workers.map(parts: parts) { (part) throws(QueryError) -> (State, Annotations) in
            let rows = self.count * part / parts..<self.count * (part + 1) / parts
            let scratch = Scratch()
            scratch.block = run.spareBlocks.take()
            defer { run.spareBlocks.give(&scratch.block) }
            var state = initial()
            var block = Frame(grid: self.grid)
            let expected = self.cost / max(1, self.count)
            var blockRows = min(Self.firstRows, self.blockRows(samples: expected))
            // The cells of a block, and what is known of each instant.
            let rowsMax = min(rows.count, self.blockRows(samples: 1))
            let ownBytes = (rowsMax * QueryRun.cellBytes + Scratch.bytesPerStep) * self.grid.count
            try run.ledger.hold(bytes: ownBytes)
            defer { run.ledger.release(bytes: ownBytes) }
            var next = rows.lowerBound
            while next < rows.upperBound {
                try run.check()
                let end = min(rows.upperBound, next + blockRows)
                try self.read(next..<end, into: &block, scratch)
                try use(&state, block, scratch)
                let samples = scratch.block.values.count / (end - next)
                blockRows = self.blockRows(samples: samples > 0 ? samples : expected)
                next = end
            }
            return (state, try scratch.finish())
        }
        var annotations = Annotations()
        for (_, notes) in results { annotations.add(notes) }
        return (results.map(\.0), annotations)
    }

    /// All rows that hold samples, in memory.
    func materialised(_ run: QueryRun) throws(QueryError) -> (frame: Frame, annotations: Annotations) {
        if let source = self as? FrameSource { return (source.frame, Annotations()) }
        let grid = grid
        let (states, annotations) = try forEachPart(run) {
            Frame(grid: grid)
        } _: { (all, block, _) throws(QueryError) in
            for row in 0..<block.count where block.hasSamples(row) {
                try run.hold(cells: grid.count)
                all.appendRow(row, of: block)
            }
        }
        guard var frame = states.first else { return (Frame(grid: grid), annotations) }
        // Growing copies what is there, at most.
        try run.ledger.hold(bytes: states.reduce(0) { $0 + $1.values.count } * QueryRun.cellBytes)
        for state in states.dropFirst() { for row in 0..<state.count { frame.appendRow(row, of: state) } }
        return (frame, annotations)
    }
}

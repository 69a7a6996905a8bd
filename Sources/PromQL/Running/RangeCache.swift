import Model
import Posix
package import Storage
package import Telemetry

/// Results of range queries, for dashboards that ask the same again a little later. What is kept are the instants whose
/// samples are settled: a sample that comes late makes everything kept void. Off unless it is configured.
package final class RangeCache: Sendable {
    fileprivate struct Key: Hashable {
        var text: String
        var stepMs: Int64
        /// Where the instants lie between two multiples of the step.
        var phaseMs: Int64
        var lookbackMs: Int64
    }

    private struct Kept {
        var epoch: UInt64
        var frame: Frame
        var annotations: [Annotation]
        var bytes: Int
        /// Counts up with each use, so that what was not used for long goes first.
        var used: Int
    }

    private struct Table {
        var entries: [Key: Kept] = [:]
        var bytes = 0
        var uses = 0
    }

    private let limitBytes: Int
    private let table = Lock(Table())
    private let hits: Counter
    private let misses: Counter

    /// An entry may take this share of the whole at most.
    private static let entryShare = 8

    package init(limitBytes: Int, registry: Registry) {
        self.limitBytes = limitBytes
        hits = registry.counter(
            "obs_query_cache_hits_total", "Range queries that found a part of their result in the cache.")
        misses = registry.counter(
            "obs_query_cache_misses_total", "Range queries that might have been in the cache and were not.")
        registry.callback("obs_query_cache_bytes", "Memory that kept results take.", unit: .bytes) { [table] in
            Double(table.withLock { $0.bytes })
        }
    }

    /// A range query on its way through the cache.
    package struct Visit: Sendable {
        fileprivate let cache: RangeCache
        fileprivate let key: Key
        fileprivate let mark: SettledMark
        fileprivate let known: Frame?
        fileprivate let annotations: [Annotation]
        /// The instants that are wanted, of which the first ones may be known.
        fileprivate let grid: Grid
        /// From here on the query has to be evaluated: at least the last instant.
        package let missingStartMs: Int64

        /// The result of all instants, made of what was known and of that of the missing ones.
        package func complete(_ result: QueryResult) -> QueryResult {
            guard case .matrix(let fresh) = result.value else { return result }
            var whole = result
            if let known {
                whole.grid = grid
                whole.value = .matrix(Frame.joined(known, fresh, over: grid))
                whole.annotations = annotations + result.annotations.filter { !annotations.contains($0) }
            }
            if case .matrix(let frame) = whole.value { cache.keep(frame, whole.annotations, self) }
            return whole
        }
    }

    /// Nil where the result of such a query at an instant depends on more than that instant.
    package func visit(
        _ expression: Expression, _ text: String, startMs: Int64, endMs: Int64, stepMs: Int64, lookbackMs: Int64,
        _ mark: SettledMark
    ) -> Visit? {
        guard stepMs > 0, startMs >= 0, endMs >= startMs, expression.looksBackOnly else { return nil }
        let key = Key(text: text, stepMs: stepMs, phaseMs: startMs % stepMs, lookbackMs: lookbackMs)
        let grid = Grid(startMs: startMs, endMs: endMs, stepMs: stepMs)
        let found = table.withLock { table -> Kept? in
            guard let entry = table.entries[key], entry.epoch == mark.epoch else { return nil }
            guard entry.frame.grid.startMs <= startMs, entry.frame.grid.endMs >= startMs else { return nil }
            table.uses += 1
            table.entries[key]?.used = table.uses
            return entry
        }
        (found == nil ? misses : hits).add()
        let next = found.map { min($0.frame.grid.endMs + stepMs, grid.endMs) }
        return Visit(
            cache: self, key: key, mark: mark, known: found?.frame, annotations: found?.annotations ?? [], grid: grid,
            missingStartMs: next ?? startMs)
    }

    private func keep(_ frame: Frame, _ annotations: [Annotation], _ visit: Visit) {
        let grid = frame.grid
        let settled = visit.mark.untilMs
        guard settled >= grid.startMs else { return }
        let count = min(grid.count, Int((settled - grid.startMs) / grid.stepMs) + 1)
        let kept = frame.cut(to: Grid(startMs: grid.startMs, stepMs: grid.stepMs, count: count))
        let bytes = kept.heldBytes + visit.key.text.utf8.count + 256
        guard bytes <= limitBytes / Self.entryShare else { return }
        table.withLock { table in
            if let old = table.entries.removeValue(forKey: visit.key) { table.bytes -= old.bytes }
            table.uses += 1
            table.entries[visit.key] = Kept(
                epoch: visit.mark.epoch, frame: kept, annotations: annotations, bytes: bytes, used: table.uses)
            table.bytes += bytes
            while table.bytes > limitBytes, let oldest = table.entries.min(by: { $0.value.used < $1.value.used }) {
                table.entries[oldest.key] = nil
                table.bytes -= oldest.value.bytes
            }
        }
    }
}

extension Frame {
    /// The instants of `known` that `grid` has, then those of `fresh`, which end with the grid. Rows by labels.
    fileprivate static func joined(_ known: Frame, _ fresh: Frame, over grid: Grid) -> Frame {
        var joined = Frame(grid: grid)
        var places: [Labels: Int] = [:]
        let skipped = Int((grid.startMs - known.grid.startMs) / grid.stepMs)
        let firstFresh = grid.count - fresh.grid.count
        joined.add(known, from: skipped, count: firstFresh, at: 0, &places)
        joined.add(fresh, from: 0, count: fresh.grid.count, at: firstFresh, &places)
        return joined.withoutEmptyRows().sortedByLabels()
    }

    private mutating func add(
        _ other: Frame, from first: Int, count: Int, at place: Int, _ places: inout [Labels: Int]
    ) {
        for row in 0..<other.count {
            let labels = other.labels.labels(row)
            let target = places[labels] ?? self.count
            if target == self.count {
                places[labels] = target
                appendEmptyRow(labels, dropsName: false)
            }
            for step in 0..<min(count, other.grid.count - first) {
                if let point = other.point(row, first + step) { set(point, row: target, step: place + step) }
            }
        }
    }

    /// Only the first instants.
    fileprivate func cut(to shorter: Grid) -> Frame {
        if shorter.count == grid.count { return self }
        var cut = Frame(grid: shorter)
        for row in 0..<count {
            cut.labels.appendSet(row, of: labels)
            cut.appendCells(dropsName: dropsName[row])
            for step in 0..<shorter.count {
                if let point = point(row, step) { cut.set(point, row: row, step: step) }
            }
        }
        return cut
    }
}

extension Expression {
    /// Whether its value at an instant is made of that instant and samples before it, whatever else is asked for.
    var looksBackOnly: Bool {
        switch self {
        case .number, .string: true
        case .selector(let node): node.looksBackOnly
        case .range(let node): node.selector.looksBackOnly && node.rangeExpression == nil
        case .subquery(let node):
            node.shift.looksBack && node.rangeExpression == nil && node.stepExpression == nil
                && node.expression.looksBackOnly
        case .call(let node):
            if case .query = node.function.body { false } else { node.arguments.allSatisfy(\.looksBackOnly) }
        case .aggregation, .binary, .unary, .paren: children.allSatisfy(\.looksBackOnly)
        }
    }
}

extension VectorSelector {
    /// What is settled of metrics says nothing of logs.
    fileprivate var looksBackOnly: Bool { shift.looksBack && edge == .plain && logs == nil }
}

extension TimeShift {
    fileprivate var looksBack: Bool { at == nil && offsetExpression == nil && offsetMs >= 0 }
}

import LabelIndex
import Model
import Posix
import Storage

/// The series of a selection, by id, with where their labels are.
struct SelectedSeries: Sendable {
    private(set) var ids: [UInt64] = []
    /// For each: a segment of the view and the place in it, or a place in `copied`.
    private var sources: [Source] = []
    /// Labels of series that only memory has.
    private(set) var copied = ByteRuns()

    struct Source: Sendable {
        /// -1 for `copied`.
        var segment: Int32
        var place: UInt32
    }

    var count: Int { ids.count }

    mutating func add(_ id: UInt64, segment: Int, ordinal: UInt32) {
        ids.append(id)
        sources.append(Source(segment: Int32(segment), place: ordinal))
    }

    mutating func add(_ id: UInt64, copying labels: (inout [UInt8]) -> Void) {
        ids.append(id)
        sources.append(Source(segment: -1, place: UInt32(copied.count)))
        copied.append(labels)
    }

    func source(_ index: Int) -> Source { sources[index] }

    /// Orders by id and leaves each series once: it is found twice while a flush moves it.
    mutating func sortByID() {
        if zip(ids, ids.dropFirst()).allSatisfy({ $0 < $1 }) { return }
        reorder(ids.indices.sorted { ids[$0] < ids[$1] })
        var kept = 0
        for index in ids.indices where index == 0 || ids[index] != ids[kept - 1] {
            ids[kept] = ids[index]
            sources[kept] = sources[index]
            kept += 1
        }
        ids.removeLast(ids.count - kept)
        sources.removeLast(sources.count - kept)
    }

    mutating func reorder(_ order: [Int]) {
        ids = order.map { ids[$0] }
        sources = order.map { sources[$0] }
    }
}

/// Runs of bytes in one buffer.
struct ByteRuns: Sendable {
    private(set) var bytes: [UInt8] = []
    private var ends: [Int] = []

    var count: Int { ends.count }

    subscript(index: Int) -> ArraySlice<UInt8> { bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]] }

    mutating func append(_ write: (inout [UInt8]) -> Void) {
        write(&bytes)
        ends.append(bytes.count)
    }
}

extension TimeSeriesStore {
    /// The series that satisfy all matchers of one of the selectors; all for none.
    func match(_ selectors: [[Matcher]]) throws(StorageError) -> (SelectedSeries, StoreView) {
        var selected = SelectedSeries()
        let selectors = selectors.isEmpty ? [[]] : selectors
        // Memory first, then the view: a flush moves series from the one to the other.
        do throws(LabelIndexError) {
            try registry.creation.withLock { creation throws(LabelIndexError) in
                try Self.add(from: creation.index, selectors, to: &selected)
            }
        } catch {
            preconditionFailure("BUG: the index in memory: \(error)")
        }
        let view = view.withLock { $0 }
        if let index = view.flushingIndex {
            do throws(LabelIndexError) {
                try Self.add(from: index, selectors, to: &selected)
            } catch {
                preconditionFailure("BUG: the index in memory: \(error)")
            }
        }
        for (number, segment) in view.segments.enumerated() {
            do throws(LabelIndexError) {
                let found = PostingSet.union(
                    try selectors.map { matchers throws(LabelIndexError) in
                        try segment.index.matching(matchers)
                    })
                found.forEach { selected.add(segment.index.id(Int($0)), segment: number, ordinal: $0) }
            } catch {
                quarantine(segment.part, error)
            }
        }
        selected.sortByID()
        return (selected, view)
    }

    private static func add(
        from index: MemoryLabelIndex, _ selectors: [[Matcher]], to selected: inout SelectedSeries
    ) throws(LabelIndexError) {
        if index.count == 0 { return }
        let found = PostingSet.union(
            try selectors.map { matchers throws(LabelIndexError) in try index.matching(matchers) })
        found.forEach { ordinal in
            selected.add(index.ids[Int(ordinal)]) { index.appendLabels(Int(ordinal), to: &$0) }
        }
    }
}

import LabelIndex
import Parts
import Posix
package import Storage
import Synchronization
import Telemetry

extension TimeSeriesStore {
    /// Takes series out of the index of which neither a part nor the head holds a sample.
    ///
    /// - Parameter atLeast: the share of a segment's series that has to be lost for the segment to be rewritten.
    package func forgetLostSeries(atLeast share: Double = 0.25) throws(StorageError) {
        try merging.withLock { count throws(StorageError) in
            let view = view.withLock { $0 }
            let lost = try lostSeries(view)
            for (number, segment) in view.segments.enumerated() where !lost[number].isEmpty {
                guard Double(lost[number].count) >= share * Double(segment.index.count) else { continue }
                try replace(segment, without: lost[number], foundIn: view)
            }
            count += 1
        }
    }

    /// For each segment the series that no part of the view holds and that have no place in the head, by id.
    private func lostSeries(_ view: StoreView) throws(StorageError) -> [[UInt64]] {
        var isHeld = view.segments.map { [Bool](repeating: false, count: $0.index.count) }
        for entry in view.samples {
            try forEachSeries(of: entry) { id in
                guard let number = Self.segment(of: id, view.segments) else { return }
                if let ordinal = view.segments[number].index.ordinal(ofID: id) { isHeld[number][ordinal] = true }
            }
        }
        return view.segments.enumerated().map { number, segment in
            let candidates = isHeld[number].indices.filter { !isHeld[number][$0] }.map { segment.index.id($0) }
            return candidates.filter { !isActive($0) }
        }
    }

    private static func segment(of id: UInt64, _ segments: [StoreView.Segment]) -> Int? {
        segments.firstIndex { $0.index.idRange?.contains(id) ?? false }
    }

    private func isActive(_ id: UInt64) -> Bool {
        registry.references.read { $0.byID.reference(SeriesRegistry.References.key(ofID: id)) } != 0
    }

    /// Calls `body` with the id of each series of a part, ascending.
    private func forEachSeries(
        of entry: StoreView.Samples, _ body: (UInt64) -> Void
    ) throws(StorageError) {
        var cursor = PartCursor(entry.samples)
        var last: UInt64?
        do throws(PartError) {
            while let block = try cursor.peek() {
                if block.id != last { body(block.id) }
                last = block.id
                cursor.advance()
            }
        } catch {
            throw quarantine(entry.part, error)
        }
    }

    private func replace(
        _ segment: StoreView.Segment, without lost: [UInt64], foundIn view: StoreView
    ) throws(StorageError) {
        let gone = Set(lost)
        do {
            var finished: [FinishedPart] = []
            if lost.count < segment.index.count {
                let bytes = try LabelSegment.bytes(merging: [segment.index]) { !gone.contains($0) }
                finished.append(
                    try writeSegment(bytes, count: segment.index.count - lost.count, level: segment.part.info.level))
            }
            // Under the lock nobody finds one of these series by its labels and makes it active again.
            let isDone = try registry.creation.withLock { _ in
                guard try !isAnyBack(gone, since: view) else { return false }
                try commit(adding: finished, removing: [segment.part])
                return true
            }
            if isDone { metrics?.seriesForgotten.add(lost.count) }
            try parts.removeRetired()
        } catch let error as StorageError {
            throw error
        } catch let error as LabelIndexError {
            throw quarantine(segment.part, error)
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 60)
        }
    }

    /// Whether one of the series got samples since it was found lost.
    private func isAnyBack(_ lost: Set<UInt64>, since view: StoreView) throws(StorageError) -> Bool {
        if lost.contains(where: isActive) { return true }
        let now = self.view.withLock { $0 }
        if now.flushing.contains(where: { $0.ids.contains(where: lost.contains) }) { return true }
        let known = Set(view.samples.map(\.part.info.number))
        var isBack = false
        for entry in now.samples where !known.contains(entry.part.info.number) {
            try forEachSeries(of: entry) { if lost.contains($0) { isBack = true } }
        }
        return isBack
    }
}

import Encoding
import Journal
import LabelIndex
import Model
import Parts
import Posix
package import Storage
import Synchronization
import Telemetry

extension TimeSeriesStore {
    /// Turns the head into parts. What is appended meanwhile is in the next head.
    package func flush() throws(StorageError) {
        try flushing.withLock { count throws(StorageError) in
            let startedNs = time.monotonicNs
            do throws(StorageError) {
                try flushHead()
                metrics?.flushes.observe(Int(time.monotonicNs - startedNs))
                count += 1
                upkeep.flushEnded()
            } catch {
                metrics?.flushFailures.add()
                upkeep.flushEnded(failure: "\(error)")
                throw error
            }
        }
    }

    private func flushHead() throws(StorageError) {
        let position = freeze()
        let frozen = view.withLock { ($0.flushing, $0.flushingIndex) }
        let count = frozen.0.reduce(0) { $0 + $1.sampleCount }
        let newSeries = frozen.1?.count ?? 0
        try saveAnnotations()
        if count > 0 || newSeries > 0 {
            do {
                try writeFrozen(frozen.0, frozen.1, position)
            } catch {
                throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
            }
            headSamples.subtract(count, ordering: .relaxed)
        } else {
            view.withLock {
                $0.flushing = []
                $0.flushingIndex = nil
            }
        }
        if headSamples.load(ordering: .relaxed) <= 0 { headSinceMs.store(.max, ordering: .relaxed) }
        do throws(JournalError) {
            try journal.drop(before: droppable(position))
        } catch {
            note("\(error)")
        }
    }

    // MARK: freezing

    /// Puts all samples and new series aside, in the view where readers find them, and returns up to where the log holds
    /// them. What an earlier flush could not write is still there.
    private func freeze() -> JournalPosition {
        var gone: [UInt64] = []
        let position = registry.creation.withLock { creation in
            if view.withLock({ $0.flushing.isEmpty && $0.flushingIndex == nil }) {
                let index = creation.index
                creation.index = MemoryLabelIndex()
                view.withLock { $0.flushingIndex = index }
                return freezeShards(from: 0, &gone)
            }
            return lastFrozen
        }
        if !gone.isEmpty { forget(gone) }
        return position
    }

    /// Up to where the log holds what a failed flush has put aside.
    private var lastFrozen: JournalPosition { JournalPosition(frozenPosition.load(ordering: .relaxed)) }

    /// Locks one shard within the other, so that the log's end is taken while none can append.
    private func freezeShards(from number: Int, _ gone: inout [UInt64]) -> JournalPosition {
        guard number < shards.count else {
            let end = journal.end
            frozenPosition.store(end.value, ordering: .relaxed)
            headSinceMs.store(time.wallMs, ordering: .relaxed)
            return end
        }
        let newestMs = newestMs.load(ordering: .relaxed)
        return shards[number].withLock { shard in
            let position = freezeShards(from: number + 1, &gone)
            gone += shard.removeInactive(olderThan: newestMs.subtractingClamped(Self.inactiveMs))
            let frozen = shard.freeze()
            // Before the shard is unlocked: a reader looks at the shards first and then at the view.
            view.withLock { $0.flushing.append(frozen) }
            return position
        }
    }

    /// A series without samples for so long, in two flushes and by its timestamps, gives up its slot.
    private static let inactiveMs: Int64 = 120_000

    private func forget(_ ids: [UInt64]) {
        registry.references.write { table in
            let gone = Set(ids.map { table.byID.reference(SeriesRegistry.References.key(ofID: $0)) })
            table.byKey.removeAll { !gone.contains($0) }
            table.byID.removeAll { !gone.contains($0) }
        }
    }

    // MARK: writing

    private func writeFrozen(
        _ shards: [FrozenShard], _ index: MemoryLabelIndex?, _ position: JournalPosition
    ) throws {
        var finished: [FinishedPart] = []
        if let index, index.count > 0 {
            finished.append(try writeSegment(LabelSegment.bytes(of: index), count: index.count, level: 0))
        }
        let deletions = view.withLock { $0.state.nextDeletion - 1 }
        try writeSamples(shards, deletions) { finished.append($0) }
        let nextID = registry.creation.withLock { $0.nextID }
        try commit(adding: finished) {
            $0.journalPosition = position.value
            $0.nextSeriesID = nextID
        } publish: { view in
            view.flushing = []
            view.flushingIndex = nil
        }
    }

    /// Makes parts live and others not, together with a change of the state.
    func commit(
        adding added: [FinishedPart], removing removed: [StoredPart] = [],
        _ change: (inout StoreState) -> Void = { _ in }, publish: (inout StoreView) -> Void = { _ in }
    ) throws {
        try committing.withLock { count in
            var state = view.withLock { $0.state }
            change(&state)
            try parts.commit(adding: added, removing: removed, state: state.bytes) { parts in
                view.withLock { view in
                    view.set(parts)
                    view.state = state
                    publish(&view)
                }
            }
            count += 1
        }
    }

    func writeSegment(_ bytes: [UInt8], count: Int, level: Int) throws -> FinishedPart {
        let writer = try parts.makeWriter()
        var file = try writer.makeFile(StoredContent.labelsFile)
        try file.append(bytes.span)
        try writer.finish(file)
        return writer.finish(
            PartDescription(
                partition: StoredContent.labelsPartition, minTimeMs: 0, maxTimeMs: 0, rows: count, level: level))
    }

    /// Writes one part for each window of time that the samples lie in.
    private func writeSamples(
        _ shards: [FrozenShard], _ deletions: UInt64, _ finish: (FinishedPart) -> Void
    ) throws {
        var histograms: [UInt64: [SampleBatch.Histogram]] = [:]
        for shard in shards {
            for entry in shard.histograms {
                histograms[shard.ids[Int(entry.slot)], default: []].append(entry.histogram)
            }
        }
        let sorted = HeadSorter(shards)
        for window in windows(of: shards).sorted() {
            let output = try PartOutput(parts.makeWriter(), deletionsApplied: deletions)
            try output.write(sorted, histograms, window)
            finish(try output.finish(partition: window.partition, level: 0))
        }
    }

    private func windows(of shards: [FrozenShard]) -> Set<TimeWindow> {
        var windows: Set<TimeWindow> = []
        let shift = windowShift
        for shard in shards {
            for chunk in shard.chunks {
                let first = TimeWindow(of: chunk.minMs, shift: shift)
                windows.insert(first)
                if first.contains(chunk.maxMs) { continue }
                var last = first
                for place in 0..<chunk.count where !last.contains(unsafe chunk.times[place]) {
                    last = TimeWindow(of: unsafe chunk.times[place], shift: shift)
                    windows.insert(last)
                }
            }
            for entry in shard.histograms {
                windows.insert(TimeWindow(of: entry.histogram.timestampMs, shift: shift))
            }
        }
        return windows
    }

    /// Parts of one window are merged with each other only. The shorter samples are kept, the narrower the windows, so
    /// that what expires leaves as whole parts.
    var windowShift: Int64 {
        let shortest = ([options.retentionMs] + options.retentionRules.map { $0.retentionMs }).compactMap { $0 }.min()
        guard let shortest else { return 31 }
        return Int64(min(31, max(22, 62 - max(shortest, 1).leadingZeroBitCount - 2)))
    }

    private func saveAnnotations() throws(StorageError) {
        guard let bytes = annotations.withLock({ $0.takeChanges() }) else { return }
        do throws(SystemError) {
            try system.replaceFile(FilePath.join(directory, Opening.annotationsFile), with: bytes.span)
        } catch {
            annotations.withLock { $0.markChanged() }
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
    }
}

extension FrozenShard {
    var sampleCount: Int { chunks.reduce(0) { $0 + $1.count } + histograms.count }
}

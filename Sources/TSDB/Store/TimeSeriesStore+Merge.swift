import LabelIndex
import Model
import Parts
import Posix
package import Storage
import Synchronization
import Telemetry

extension TimeSeriesStore {
    /// Merges once, where there is something to merge.
    ///
    /// - Returns: whether it did.
    @discardableResult
    package func mergeOnce() throws(StorageError) -> Bool {
        try merging.withLock { count throws(StorageError) in
            let view = view.withLock { $0 }
            var policy = MergePolicy()
            policy.fanOut = options.mergeParts
            policy.partRowsMax = options.mergeSamplesMax
            let samples = policy.next(among: view.samples.map(\.part.info), nowMs: time.wallMs)
            if !samples.isEmpty {
                try mergeSamples(view.samples.filter { samples.contains($0.part.info) }, view)
                count += 1
                return true
            }
            policy.levelMax = 8
            policy.partRowsMax = LabelSegment.seriesMax
            let segments = policy.next(among: view.segments.map(\.part.info), nowMs: time.wallMs)
            if !segments.isEmpty {
                try mergeSegments(view.segments.filter { segments.contains($0.part.info) })
                count += 1
                return true
            }
            return false
        }
    }

    /// Merges all parts of each partition into one, and applies every deletion and retention on the way.
    package func mergeAll() throws(StorageError) {
        try merging.withLock { count throws(StorageError) in
            let view = view.withLock { $0 }
            for (_, group) in Dictionary(grouping: view.samples, by: { $0.part.info.partition }) {
                let isDone = group.count == 1 && view.deletions(for: group[0].samples).isEmpty
                if !isDone { try mergeSamples(group, view) }
            }
            if view.segments.count > 1, view.segments.reduce(0, { $0 + $1.index.count }) <= LabelSegment.seriesMax {
                try mergeSegments(view.segments)
            }
            count += 1
        }
    }

    /// Rewrites parts, oldest first, as one.
    func mergeSamples(_ inputs: [StoreView.Samples], _ view: StoreView) throws(StorageError) {
        let retention = try SeriesRetention(options, view, nowMs: time.wallMs)
        let startedNs = time.monotonicNs
        let rows = inputs.reduce(0) { $0 + $1.part.info.rows }
        let deletions = view.state.nextDeletion - 1
        let level = (inputs.map(\.part.info.level).max() ?? 0) + 1
        let merger = SampleMerger(inputs.map { SampleMerger.Input($0.samples, view.deletions(for: $0.samples)) })
        do {
            let output = try PartOutput(try parts.makeWriter(), deletionsApplied: deletions, isMerge: true)
            try merger.run(into: output, retention)
            for input in inputs { input.samples.file.advise(.notNeeded) }
            let finished =
                output.isEmpty
                ? [] : [try output.finish(partition: inputs[0].part.info.partition, level: min(level, 4))]
            try commit(adding: finished, removing: inputs.map(\.part))
            if !options.keepsEverything || deletions > 0 { mayHaveLostSeries.store(true, ordering: .relaxed) }
            metrics?.sampleMerges.observe(Int(time.monotonicNs - startedNs))
            metrics?.samplesMerged.add(rows)
            try dropAppliedDeletions()
            try parts.removeRetired()
        } catch let error as DamagedInput {
            throw quarantine(inputs[error.input].part, error.reason)
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 60)
        }
    }

    func mergeSegments(_ inputs: [StoreView.Segment]) throws(StorageError) {
        let bytes: [UInt8]
        let startedNs = time.monotonicNs
        let count = inputs.reduce(0) { $0 + $1.index.count }
        do throws(LabelIndexError) {
            bytes = try LabelSegment.bytes(merging: inputs.map(\.index))
        } catch {
            for input in inputs where (try? input.part.files.verify()) == nil {  // whichever fails is the damaged one
                throw quarantine(input.part, error)
            }
            throw .corrupt(file: "labels", offset: error.offset, reason: error.reason)
        }
        let level = (inputs.map(\.part.info.level).max() ?? 0) + 1
        do {
            try commit(
                adding: [try writeSegment(bytes, count: count, level: level)], removing: inputs.map(\.part))
            metrics?.labelMerges.observe(Int(time.monotonicNs - startedNs))
            try parts.removeRetired()
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 60)
        }
    }

    /// Forgets deletions that every part has seen.
    private func dropAppliedDeletions() throws {
        let view = view.withLock { $0 }
        let applied = view.samples.map(\.samples.summary.deletionsApplied).min() ?? .max
        guard view.state.deletions.contains(where: { $0.number <= applied }) else { return }
        try commit(adding: []) { $0.deletions.removeAll { $0.number <= applied } }
    }
}

import Encoding
import Journal
import LabelIndex
import Model
import Parts
import Posix
package import Storage
import Synchronization

/// The log as those read it who send samples on.
extension TimeSeriesStore: SampleFeed {
    package var end: FeedPosition { FeedPosition(journal.end.value) }
    package var beginning: FeedPosition { FeedPosition(journal.beginning.value) }

    package func read(
        from position: FeedPosition, atMost samplesMax: Int, into batch: inout FeedBatch
    ) throws(StorageError) -> FeedPosition {
        let restored = RestoredSamples()
        var taken = batch
        batch = FeedBatch()
        defer { batch = taken }
        do throws(JournalError) {
            let reached = try journal.read(from: JournalPosition(position.value)) { type, payload, _ in
                if taken.count >= samplesMax { return false }
                do {
                    try Self.feed(type, payload, restored, &taken)
                } catch {
                    note("a record of the log cannot be sent on and was passed over: \(error)")
                }
                return true
            }
            return FeedPosition(reached.value)
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 10)
        }
    }

    private static func feed(
        _ type: UInt8, _ payload: Span<UInt8>, _ restored: RestoredSamples, _ batch: inout FeedBatch
    ) throws {
        switch type {
        case RecordType.samples, RecordType.startedSamples:
            try SampleRecord.read(payload, hasStarts: type == RecordType.startedSamples, into: restored)
            let count = restored.count
            unsafe batch.ids.append(contentsOf: UnsafeBufferPointer(start: restored.ids, count: count))
            unsafe batch.timestampsMs.append(contentsOf: UnsafeBufferPointer(start: restored.times, count: count))
            unsafe batch.values.append(contentsOf: UnsafeBufferPointer(start: restored.values, count: count))
            if restored.hasStarts {
                unsafe batch.startTimestampsMs.append(
                    contentsOf: UnsafeBufferPointer(start: restored.starts, count: count))
            } else {
                batch.startTimestampsMs.append(contentsOf: repeatElement(0, count: count))
            }
        case RecordType.histograms:
            try HistogramRecord.read(payload) { batch.histograms.append(($0, $1)) }
        case RecordType.exemplars:
            for entry in try Annotations.readExemplars(payload) {
                batch.exemplars.append(.init(series: entry.series, exemplar: entry.exemplar))
            }
        default: break
        }
    }

    package func appendLabels(ofSeries id: UInt64, to bytes: inout [UInt8]) -> Bool {
        if registry.creation.withLock({ Self.appendLabels(of: id, in: $0.index, to: &bytes) }) { return true }
        let view = view.withLock { $0 }
        if let index = view.flushingIndex, Self.appendLabels(of: id, in: index, to: &bytes) { return true }
        for segment in view.segments {
            guard let ordinal = segment.index.ordinal(ofID: id) else { continue }
            do throws(LabelIndexError) {
                try segment.index.appendLabels(ordinal, to: &bytes)
                return true
            } catch {
                _ = quarantine(segment.part, error)
            }
        }
        return false
    }

    private static func appendLabels(of id: UInt64, in index: MemoryLabelIndex, to bytes: inout [UInt8]) -> Bool {
        guard let ordinal = index.ordinal(ofID: id) else { return false }
        index.appendLabels(ordinal, to: &bytes)
        return true
    }

    package func keep(from position: FeedPosition?, for reader: String) {
        feedReaders.withLock { $0[reader] = position }
    }

    /// From now on the log is kept as far as its readers need it, and no longer whole.
    package func readersAreKnown() { isLogKeptWhole.store(false, ordering: .relaxed) }

    /// Up to where the log may go, which no part of the store needs before `flushed`. Readers may hold it back until it
    /// takes as much as the options allow, or the disk runs short: to keep samples goes before sending them on.
    func droppable(_ flushed: JournalPosition) -> JournalPosition {
        let kept = feedReaders.withLock { $0.values.min() }
        let isWhole = isLogKeptWhole.load(ordering: .relaxed)
        guard disk.shortage == nil, isWhole || kept != nil else { return flushed }
        let end = journal.end.value
        let oldest = JournalPosition(end - min(end, UInt64(options.feedBytesMax)))
        let wanted = isWhole ? JournalPosition.start : JournalPosition(kept?.value ?? flushed.value)
        return min(flushed, max(wanted, oldest))
    }
}

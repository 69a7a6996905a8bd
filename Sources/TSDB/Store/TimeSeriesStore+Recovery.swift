import Encoding
import Journal
import LabelIndex
import Model
import Posix
import Storage
import Synchronization

extension TimeSeriesStore {
    /// Puts the records of the log that no part holds back into the head.
    func recover(from state: StoreState) throws(StorageError) {
        let recovery: JournalRecovery
        let restored = RestoredSamples()
        do throws(JournalError) {
            recovery = try journal.replay(from: JournalPosition(state.journalPosition)) { type, payload, _ in
                do {
                    try restore(type, payload, restored)
                } catch {
                    note("a record of the log cannot be read and was passed over: \(error)")
                }
            }
        } catch {
            throw .unavailable(reason: "\(error)", retryAfterSeconds: 30)
        }
        for notice in recovery.notices { note("\(notice)") }
    }

    private func restore(_ type: UInt8, _ payload: Span<UInt8>, _ restored: RestoredSamples) throws {
        switch type {
        case RecordType.series: try restoreSeries(payload)
        case RecordType.samples, RecordType.startedSamples:
            try restoreSamples(payload, hasStarts: type == RecordType.startedSamples, restored)
        case RecordType.histograms:
            try HistogramRecord.read(payload) { id, histogram in
                let reference = activate(id)
                shards[reference.shard].withLock { $0.restore(reference.slot, histogram) }
                count(restored: 1, newestMs: histogram.timestampMs)
            }
        case RecordType.exemplars, RecordType.metadata:
            try annotations.withLock { try $0.restore(type, payload) }
        default:
            throw DecodeError(.invalidCharacter(type), at: 0)
        }
    }

    private func restoreSeries(_ payload: Span<UInt8>) throws {
        let known = view.withLock { $0.segments.last?.index.idRange?.upperBound ?? 0 }
        try registry.creation.withLock { creation in
            try SeriesRegistry.readRecord(payload) { id, labels in
                // Flushed already, by a flush whose samples were not.
                guard id > known, creation.index.ids.last ?? 0 < id else { return }
                creation.index.add(labels, hash: LabelHash.of(labels), id: id)
                creation.nextID = max(creation.nextID, id + 1)
            }
        }
    }

    private func restoreSamples(
        _ payload: Span<UInt8>, hasStarts: Bool, _ restored: RestoredSamples
    ) throws {
        try SampleRecord.read(payload, hasStarts: hasStarts, into: restored)
        registry.references.read { table in
            for place in 0..<restored.count {
                let key = SeriesRegistry.References.key(ofID: unsafe restored.ids[place])
                unsafe restored.references[place] = table.byID.reference(key)
            }
        }
        var involved: UInt64 = 0
        var newest = Int64.min
        for place in 0..<restored.count {
            if unsafe restored.references[place] == 0 {
                unsafe restored.references[place] = activate(restored.ids[place]).raw
            }
            involved |= unsafe 1 << UInt64(SeriesReference(raw: restored.references[place]).shard)
            newest = max(newest, unsafe restored.times[place])
        }
        while involved != 0 {
            shards[involved.trailingZeroBitCount].withLock { $0.restore(restored) }
            involved &= involved - 1
        }
        self.count(restored: restored.count, newestMs: newest)
    }

    private func count(restored: Int, newestMs: Int64) {
        headSamples.add(restored, ordering: .relaxed)
        headSinceMs.store(time.wallMs, ordering: .relaxed)
        self.newestMs.max(newestMs, ordering: .relaxed)
    }

    /// The reference of a series that the log names. Neighbours by id come from one sender, so they share a shard.
    private func activate(_ id: UInt64) -> SeriesReference {
        let key = SeriesRegistry.References.key(ofID: id)
        let known = registry.references.read { $0.byID.reference(key) }
        if known != 0 { return SeriesReference(raw: known) }
        let shard = Int(id >> 11) % shards.count
        let reference = shards[shard].withLock { $0.activate(id) }
        registry.references.write { $0.byID.set(key, to: reference.raw) }
        return reference
    }
}
